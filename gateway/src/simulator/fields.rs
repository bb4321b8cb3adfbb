//! The closed lists: every member that Meta's documentation knows (September 2026), with the form that it must have.
//!
//! These tables are the stand-in's own and share nothing with the filter's: two that were written apart can catch each
//! other's mistakes. `custom_data` is the one open object, as Meta takes custom properties there; their names are counted.

mod app_data;
mod attribution;
mod custom_data;
mod user_data;

use super::form::Form::{self, Digits, Flag, Object, Objects, Text, Whole, WholeIn, WordList, Words};
use super::form::{AGENT, TEST_CODE, TEXT, URL};

pub(super) use custom_data::custom_properties;

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

/// What stands beside `data`.
pub(super) static ENVELOPE: Shape = Shape {
    members: &[
        may("test_event_code", Text(&TEST_CODE)),
        may("partner_agent", Text(&AGENT)),
        may("namespace_id", Digits(1, 20)),
        may("upload_id", Digits(1, 20)),
        may("upload_tag", Text(&TEXT)),
        may("upload_source", Text(&TEXT)),
        may("platforms", Objects(&PLATFORM)),
        may("progress", Object(&PROGRESS)),
        may("trace", Digits(1, 10)),
        may("id", Digits(1, 20)),
    ],
    open: false,
    nullable: true,
};

static PLATFORM: Shape = closed(&[may("name", Text(&TEXT)), may("type", Text(&TEXT)), may("version", Text(&TEXT))]);

static PROGRESS: Shape = closed(&[must("start_inclusive", Whole), must("end_exclusive", Whole)]);

/// An event. `extinfo`, which some lists show here, is not valid beside `app_data`.
pub(super) static EVENT: Shape = closed(&[
    must("event_name", Text(&TEXT)),
    must("event_time", Whole),
    must("user_data", Object(&user_data::USER_DATA)),
    must("action_source", Words(ACTION_SOURCES)),
    may("event_id", Text(&TEXT)),
    may("event_source_url", Text(&URL)),
    may("referrer_url", Text(&URL)),
    may("opt_out", Flag),
    may("data_processing_options", WordList(&["LDU"])),
    may("data_processing_options_country", WholeIn(&[(0, 1)])),
    may("data_processing_options_state", WholeIn(&[(0, 0), (1000, 1013)])),
    may("custom_data", Object(&custom_data::CUSTOM_DATA)),
    may("app_data", Object(&app_data::APP_DATA)),
    may("original_event_data", Object(&attribution::ORIGINAL_EVENT_DATA)),
    may("attribution_data", Object(&attribution::ATTRIBUTION_DATA)),
    may("advanced_measurement_table", Text(&TEXT)),
    may("messaging_channel", Words(&["whatsapp", "messenger", "instagram"])),
    may("customer_segmentation", Words(SEGMENTS)),
    may("advertiser_tracking_enabled", Flag),
]);

static ACTION_SOURCES: &[&str] =
    &["email", "website", "app", "phone_call", "chat", "physical_store", "system_generated", "business_messaging", "other"];

/// Meta lists it at the event and shows it inside `custom_data`, so it may stand at either place.
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
