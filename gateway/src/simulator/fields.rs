//! The closed lists: every member that Meta's documentation knows (September 2026), with the form that it must have.
//!
//! This table is the stand-in's own and shares nothing with the filter's: two tables that were written apart can catch each
//! other's mistakes. `custom_data` is the one open object, for Meta takes custom properties there.

/// What a value must look like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// A string that is not empty.
    Text,
    /// A string or a list of strings, none of them empty.
    Texts,
    /// A list of strings, none of them empty.
    TextList,
    /// A string of this beginning.
    Begins(&'static str),
    /// One of these strings.
    Words(&'static [&'static str]),
    /// A list of any of these strings, which may be empty.
    WordList(&'static [&'static str]),
    /// An absolute http or https URL with a host.
    Url,
    /// An IP address.
    Address,
    /// Three letters.
    Currency,
    /// SHA-256 as 64 lower-case hex digits, or a list of such.
    Hashes,
    /// `TEST` and up to ten digits.
    TestCode,
    /// Fewer than 23 characters, two letters or more.
    Agent,
    /// A whole number, or a string of digits, of so many digits.
    Digits(usize, usize),
    /// true or false.
    Flag,
    /// true, false, 0 or 1.
    FlagOrBit,
    /// A whole number.
    Whole,
    /// A whole number in one of these ranges, ends included.
    WholeIn(&'static [(i64, i64)]),
    /// A number.
    Number,
    /// Any list.
    List,
    /// Any object.
    AnyObject,
    /// An object of this shape.
    Object(&'static Shape),
    /// A list of objects of this shape.
    Objects(&'static Shape),
}

/// Which members an object may have.
#[derive(Debug)]
pub(super) struct Shape {
    /// Those that are known.
    pub(super) members: &'static [Member],
    /// Whether others may stand beside them.
    pub(super) open: bool,
    /// Whether null stands for a member that is not set, as Meta's Node library writes it.
    pub(super) nullable: bool,
}

/// One member.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: &'static str,
    pub(super) form: Form,
    pub(super) needed: bool,
}

const fn must(key: &'static str, form: Form) -> Member {
    Member { key, form, needed: true }
}

const fn may(key: &'static str, form: Form) -> Member {
    Member { key, form, needed: false }
}

const fn closed(members: &'static [Member]) -> Shape {
    Shape { members, open: false, nullable: false }
}

use Form::{
    Address, Agent, AnyObject, Begins, Currency, Digits, Flag, FlagOrBit, Hashes, List, Number, Object, Objects, TestCode,
    Text, TextList, Texts, Url, Whole, WholeIn, WordList, Words,
};

/// What stands beside `data`.
pub(super) static ENVELOPE: Shape = Shape {
    members: &[
        may("test_event_code", TestCode),
        may("partner_agent", Agent),
        may("namespace_id", Digits(1, 20)),
        may("upload_id", Digits(1, 20)),
        may("upload_tag", Text),
        may("upload_source", Text),
        may("platforms", List),
        may("progress", AnyObject),
        may("trace", Whole),
        may("id", Digits(1, 20)),
    ],
    open: false,
    nullable: true,
};

/// An event.
pub(super) static EVENT: Shape = closed(&[
    must("event_name", Text),
    must("event_time", Whole),
    must("user_data", Object(&USER_DATA)),
    must("action_source", Words(ACTION_SOURCES)),
    may("event_id", Text),
    may("event_source_url", Url),
    may("referrer_url", Url),
    may("opt_out", Flag),
    may("data_processing_options", WordList(&["LDU"])),
    may("data_processing_options_country", WholeIn(&[(0, 1)])),
    may("data_processing_options_state", WholeIn(&[(0, 0), (1000, 1013)])),
    may("custom_data", Object(&CUSTOM_DATA)),
    may("app_data", Object(&APP_DATA)),
    may("original_event_data", Object(&ORIGINAL_EVENT)),
    may("attribution_data", AnyObject),
    may("advanced_measurement_table", Text),
    may("messaging_channel", Words(&["whatsapp", "messenger", "instagram"])),
    may("customer_segmentation", Words(SEGMENTS)),
    may("advertiser_tracking_enabled", Flag),
    may("extinfo", List),
]);

/// Who the person is.
static USER_DATA: Shape = closed(&[
    may("em", Hashes),
    may("ph", Hashes),
    may("fn", Hashes),
    may("ln", Hashes),
    may("db", Hashes),
    may("ge", Hashes),
    may("ct", Hashes),
    may("st", Hashes),
    may("zp", Hashes),
    may("country", Hashes),
    may("f5first", Hashes),
    may("f5last", Hashes),
    may("fi", Hashes),
    may("dobd", Hashes),
    may("dobm", Hashes),
    may("doby", Hashes),
    may("app_user_id", Hashes),
    // Names of the page on offline events; the short ones are what libraries send.
    may("email", Hashes),
    may("phone", Hashes),
    may("gen", Hashes),
    may("zip", Hashes),
    // Hashing is advised here, and no library of Meta's does it.
    may("external_id", Texts),
    may("client_ip_address", Address),
    may("client_user_agent", Text),
    may("fbc", Begins("fb.")),
    may("fbp", Begins("fb.")),
    may("subscription_id", Text),
    may("fb_login_id", Digits(1, 20)),
    may("lead_id", Digits(15, 17)),
    may("anon_id", Text),
    may("madid", Text),
    may("page_id", Digits(1, 20)),
    may("page_scoped_user_id", Digits(1, 20)),
    may("ctwa_clid", Text),
    may("ig_account_id", Digits(1, 20)),
    may("ig_sid", Text),
    may("whatsapp_business_account_id", Digits(1, 20)),
    may("instagram_business_account_id", Digits(1, 20)),
    may("partner_id", Text),
    may("partner_name", Text),
]);

/// What was bought or done; the known members only, custom properties may stand beside them.
static CUSTOM_DATA: Shape = Shape {
    members: &[
        may("value", Number),
        may("currency", Currency),
        may("net_revenue", Number),
        may("predicted_ltv", Number),
        may("content_ids", TextList),
        may("contents", Objects(&CONTENT)),
        may("content_type", Words(&["product", "product_group"])),
        may("content_name", Text),
        may("content_category", Text),
        may("order_id", Text),
        may("num_items", Whole),
        may("item_number", Text),
        may("status", Text),
        may("search_string", Text),
        may("delivery_category", Words(DELIVERY_CATEGORIES)),
        may("lead_event_source", Text),
        may("event_source", Words(&["crm"])),
        may("product_catalog_id", Text),
        may("user_bucket", Text),
        may("ad_type", Text),
        may("store_data", AnyObject),
    ],
    open: true,
    nullable: false,
};

/// One of the goods.
static CONTENT: Shape = closed(&[
    must("id", Text),
    may("quantity", Whole),
    may("item_price", Number),
    may("price", Number),
    may("title", Text),
    may("description", Text),
    may("brand", Text),
    may("category", Text),
    may("delivery_category", Words(DELIVERY_CATEGORIES)),
]);

/// The app in which it happened.
static APP_DATA: Shape = closed(&[
    must("advertiser_tracking_enabled", FlagOrBit),
    must("application_tracking_enabled", FlagOrBit),
    must("extinfo", List),
    may("campaign_ids", Text),
    may("consider_views", Flag),
    may("include_dwell_data", Flag),
    may("include_video_data", Flag),
    may("install_referrer", Text),
    may("installer_package", Text),
    may("receipt_data", Text),
    may("url_schemes", TextList),
    may("vendor_id", Text),
    may("windows_attribution_id", Text),
]);

/// The event that an attribution belongs to.
static ORIGINAL_EVENT: Shape =
    closed(&[may("event_name", Text), may("event_time", Whole), may("order_id", Text), may("event_id", Text)]);

static ACTION_SOURCES: &[&str] =
    &["email", "website", "app", "phone_call", "chat", "physical_store", "system_generated", "business_messaging", "other"];

static DELIVERY_CATEGORIES: &[&str] = &["in_store", "curbside", "home_delivery"];

static SEGMENTS: &[&str] = &[
    "new_customer_to_business",
    "new_customer_to_business_line",
    "new_customer_to_product_area",
    "new_customer_to_medium",
    "existing_customer_to_business",
    "existing_customer_to_business_line",
    "existing_customer_to_product_area",
    "existing_customer_to_medium",
    "customer_in_loyalty_program",
];
