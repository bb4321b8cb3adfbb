//! The one table: every Conversions API field that Portcullis knows, once.
//!
//! Parser, policy compiler, stages, serialiser, metric labels and documentation all come from it. A field that has no row
//! here is an unknown key: it is counted, never read and never leaves. Sources: Meta's parameter reference (September 2026)
//! and the requests that Meta's own SDKs send.

use crate::normalize::Normalizer;

mod words;

pub(crate) use words::CURRENCIES;

/// Where in an event a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// The event itself.
    Event,
    /// `user_data`: who the person is.
    UserData,
    /// `custom_data`: what was done.
    CustomData,
    /// One element of `custom_data.contents`.
    Contents,
}

/// How a value is parsed, and which exact shape may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An event name; only names listed by the policy leave.
    EventName,
    /// Seconds since 1970.
    UnixSeconds,
    /// The event's id: opaque or token, as the policy says.
    EventId,
    /// `[A-Za-z0-9._:-]{1,80}` without a run of exactly 32, 40, 64 or 128 hex digits, which could be somebody's hash.
    Token,
    /// `[A-Za-z0-9._-]{1,64}` with the same exception.
    ContentId,
    /// So many digits: an id that Meta itself gave out.
    Digits {
        /// Fewest.
        min: u8,
        /// Most.
        max: u8,
    },
    /// A URL, which leaves only as an origin or as a path that the policy writes.
    Url,
    /// One of these words, compared without case and sent as written here.
    Word(&'static [&'static str]),
    /// A restriction that the sender sets. One that cannot be read counts as its strictest value.
    Restriction(Restriction),
    /// A whole number from `min` to `max`.
    Integer {
        /// Smallest value that may leave.
        min: i64,
        /// Largest value that may leave.
        max: i64,
    },
    /// A decimal number from 0 to `max`, without exponent, with four fraction digits at most.
    Decimal {
        /// Largest value that may leave.
        max: u32,
    },
    /// An ISO 4217 code; leaves in upper case.
    Currency,
    /// Personal data that leaves only as the SHA-256 of its normalised form.
    Hashed(Normalizer),
    /// An IPv4 or IPv6 address, whole.
    IpAddress,
    /// A browser's user agent whose every part is on the list of known parts.
    UserAgent,
    /// Meta's browser id cookie.
    Fbp,
    /// Meta's click id cookie.
    Fbc,
    /// The list of goods.
    Contents,
    /// Free text: has no closed form, so nothing of it leaves.
    FreeText,
    /// An object whose fields have rows of their own.
    Object,
}

/// A limit that the sender sets on the use of the event, such as an opt-out. It is handled without a line in the policy and may only become stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restriction {
    /// `true` is the stricter value.
    StrictWhenTrue,
    /// `false` is the stricter value.
    StrictWhenFalse,
    /// `["LDU"]` is the stricter value of `["LDU"]` and `[]`.
    LimitedDataUse,
    /// 0 (Meta works it out) and 1 (United States).
    LimitedDataUseCountry,
    /// 0 (Meta works it out) and 1000 to 1013.
    LimitedDataUseState,
}

/// What Meta's documentation says about hashing a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashRule {
    /// Says nothing, or the field is not personal.
    None,
    /// Must be hashed; a policy cannot say otherwise.
    Must,
    /// Hashing is advised.
    Advised,
    /// Must not be hashed.
    Never,
}

/// What a field can give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Nothing about a person.
    Low,
    /// Names a person, a device or a record of theirs.
    Identifier,
    /// Narrows down who it is.
    QuasiIdentifier,
    /// Can tell of health.
    Health,
    /// Free text that can hold anything.
    FreeText,
    /// Part of a device's fingerprint.
    Device,
    /// Says what may not be done with the event: to be kept.
    Restriction,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The field.
    pub field: Field,
    /// Where it stands.
    pub section: Section,
    /// Its key, as Meta spells it.
    pub name: &'static str,
    /// Its full path, as policies, reports and metrics spell it.
    pub path: &'static str,
    /// How it is parsed and what of it may leave.
    pub kind: Kind,
    /// Whether a list of values is accepted as well as a single one.
    pub many: bool,
    /// Meta's rule on hashing.
    pub hash: HashRule,
    /// What it can give away.
    pub risk: Risk,
    /// One line on what it is.
    pub doc: &'static str,
}

macro_rules! path {
    (Event, $name:literal) => {
        $name
    };
    (UserData, $name:literal) => {
        concat!("user_data.", $name)
    };
    (CustomData, $name:literal) => {
        concat!("custom_data.", $name)
    };
    (Contents, $name:literal) => {
        concat!("custom_data.contents[].", $name)
    };
}

macro_rules! table {
    ($( $field:ident: $section:ident $name:literal, $kind:expr, $many:ident, $hash:ident, $risk:ident, $doc:literal; )*) => {
        /// A field of the table. Its order is the order of the rows, which is the order in which an event is written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Field {
            $( #[doc = $doc] $field, )*
        }


        const TABLE: &[Row] = &[
            $( Row {
                field: Field::$field,
                section: Section::$section,
                name: $name,
                path: path!($section, $name),
                kind: $kind,
                many: arity!($many),
                hash: HashRule::$hash,
                risk: Risk::$risk,
                doc: $doc,
            }, )*
        ];

        /// Every row, in the order of [`Field`].
        pub static ROWS: &[Row] = TABLE;
    };
}

macro_rules! arity {
    (one) => {
        false
    };
    (many) => {
        true
    };
}

/// Largest amount of money that leaves: eight digits, so that a ten-digit telephone number does not fit.
const MONEY: Kind = Kind::Decimal { max: 99_999_999 };
/// Largest count that leaves.
const COUNT: Kind = Kind::Integer { min: 0, max: 9_999 };

table! {
    EventName: Event "event_name", Kind::EventName, one, None, Health, "what happened: a standard event or the site's own name";
    EventTime: Event "event_time", Kind::UnixSeconds, one, None, QuasiIdentifier, "when it happened, in seconds since 1970";
    EventId: Event "event_id", Kind::EventId, one, None, Identifier, "id by which Meta recognises a repeat of the same event";
    ActionSource: Event "action_source", Kind::Word(words::ACTION_SOURCES), one, None, Low, "where it happened: website, app and so on";
    EventSourceUrl: Event "event_source_url", Kind::Url, one, None, Health, "page on which it happened";
    ReferrerUrl: Event "referrer_url", Kind::Url, one, None, Health, "page from which the visitor came";
    OptOut: Event "opt_out", Kind::Restriction(Restriction::StrictWhenTrue), one, None, Restriction, "true: for attribution only, not for ad delivery";
    DataProcessingOptions: Event "data_processing_options", Kind::Restriction(Restriction::LimitedDataUse), many, None, Restriction, "Limited Data Use: [\"LDU\"] or []";
    DataProcessingOptionsCountry: Event "data_processing_options_country", Kind::Restriction(Restriction::LimitedDataUseCountry), one, None, Restriction, "country for Limited Data Use: 1 is the United States, 0 lets Meta work it out";
    DataProcessingOptionsState: Event "data_processing_options_state", Kind::Restriction(Restriction::LimitedDataUseState), one, None, Restriction, "state for Limited Data Use: 1000 to 1013, 0 lets Meta work it out";
    AdvertiserTrackingEnabled: Event "advertiser_tracking_enabled", Kind::Restriction(Restriction::StrictWhenFalse), one, None, Restriction, "whether the person allowed tracking across apps";
    UserData: Event "user_data", Kind::Object, one, None, Identifier, "who the person is";
    CustomData: Event "custom_data", Kind::Object, one, None, Health, "what was bought or done";

    Email: UserData "em", Kind::Hashed(Normalizer::Email), many, Must, Identifier, "e-mail address";
    Phone: UserData "ph", Kind::Hashed(Normalizer::Phone), many, Must, Identifier, "telephone number";
    FirstName: UserData "fn", Kind::Hashed(Normalizer::Name), many, Must, Identifier, "first name";
    LastName: UserData "ln", Kind::Hashed(Normalizer::Name), many, Must, Identifier, "last name";
    BirthDate: UserData "db", Kind::Hashed(Normalizer::BirthDate), many, Must, QuasiIdentifier, "date of birth; its hash can be guessed from 45 000 values";
    Gender: UserData "ge", Kind::Hashed(Normalizer::Gender), many, Must, QuasiIdentifier, "gender; its hash has two values, so it is as good as plain";
    City: UserData "ct", Kind::Hashed(Normalizer::City), many, Must, QuasiIdentifier, "city; its hash can be guessed from a list";
    State: UserData "st", Kind::Hashed(Normalizer::State), many, Must, QuasiIdentifier, "state or province; its hash can be guessed from a list";
    Postcode: UserData "zp", Kind::Hashed(Normalizer::Postcode), many, Must, QuasiIdentifier, "postcode; its hash can be guessed from a list";
    Country: UserData "country", Kind::Hashed(Normalizer::Country), many, Must, QuasiIdentifier, "country; its hash can be guessed from a list";
    ExternalId: UserData "external_id", Kind::Hashed(Normalizer::ExternalId), many, Advised, Identifier, "the site's own id of the person: a loyalty, member or patient number";
    ClientIpAddress: UserData "client_ip_address", Kind::IpAddress, one, Never, Identifier, "IP address of the browser";
    ClientUserAgent: UserData "client_user_agent", Kind::UserAgent, one, Never, Device, "user agent of the browser";
    Fbc: UserData "fbc", Kind::Fbc, one, Never, Identifier, "Meta's click id";
    Fbp: UserData "fbp", Kind::Fbp, one, Never, Identifier, "Meta's browser id";
    SubscriptionId: UserData "subscription_id", Kind::Token, one, Never, Identifier, "id of a subscription";
    FbLoginId: UserData "fb_login_id", Kind::Digits { min: 1, max: 20 }, one, Never, Identifier, "id that Meta gave the person for an app";
    LeadId: UserData "lead_id", Kind::Digits { min: 15, max: 17 }, one, Never, Identifier, "id of a lead from Meta's own form";

    Value: CustomData "value", MONEY, one, None, Health, "amount of money";
    Currency: CustomData "currency", Kind::Currency, one, None, Low, "currency of the amount, ISO 4217";
    NetRevenue: CustomData "net_revenue", MONEY, one, None, Health, "margin on the sale";
    PredictedLtv: CustomData "predicted_ltv", MONEY, one, None, QuasiIdentifier, "what the customer is expected to spend";
    ContentIds: CustomData "content_ids", Kind::ContentId, many, None, Health, "ids of the goods";
    Contents: CustomData "contents", Kind::Contents, many, None, Health, "the goods: id, quantity, price, delivery";
    ContentType: CustomData "content_type", Kind::Word(words::CONTENT_TYPES), one, None, Low, "whether ids are of products or of groups of them";
    ContentName: CustomData "content_name", Kind::FreeText, one, None, FreeText, "name of a page or product";
    ContentCategory: CustomData "content_category", Kind::FreeText, one, None, FreeText, "category of a page or product";
    OrderId: CustomData "order_id", Kind::Token, one, None, Identifier, "id of the order in the site's own system";
    NumItems: CustomData "num_items", COUNT, one, None, Low, "how many goods";
    ItemNumber: CustomData "item_number", Kind::Token, one, None, Identifier, "tells the lines of one order apart";
    DeliveryCategory: CustomData "delivery_category", Kind::Word(words::DELIVERY_CATEGORIES), one, None, Low, "how it reaches the customer";
    Status: CustomData "status", Kind::FreeText, one, None, FreeText, "state of a registration";
    SearchString: CustomData "search_string", Kind::FreeText, one, None, FreeText, "what the visitor searched for";

    ItemId: Contents "id", Kind::ContentId, one, None, Health, "id of one of the goods";
    ItemQuantity: Contents "quantity", COUNT, one, None, Low, "how many of it";
    ItemPrice: Contents "item_price", MONEY, one, None, Health, "price of one";
    ItemDeliveryCategory: Contents "delivery_category", Kind::Word(words::DELIVERY_CATEGORIES), one, None, Low, "how it reaches the customer";
    ItemTitle: Contents "title", Kind::FreeText, one, None, FreeText, "its title";
    ItemDescription: Contents "description", Kind::FreeText, one, None, FreeText, "its description";
    ItemBrand: Contents "brand", Kind::FreeText, one, None, FreeText, "its brand";
    ItemCategory: Contents "category", Kind::FreeText, one, None, FreeText, "its category";
}

impl Section {
    /// Its rows. They stand together in the table.
    pub(crate) fn rows(self) -> &'static [Row] {
        let start = ROWS.partition_point(|row| row.section < self);
        let end = ROWS.partition_point(|row| row.section <= self);
        ROWS.get(start..end).unwrap_or_default()
    }
}

/// How many rows the table has.
pub(crate) const FIELD_COUNT: usize = Field::ItemCategory as usize + 1;

impl Field {
    /// Its row.
    pub fn row(self) -> &'static Row {
        #[expect(
            clippy::indexing_slicing,
            reason = "the table has one row a variant, in the same order; a test compares them"
        )]
        &ROWS[self as usize]
    }

    /// Its path, such as `user_data.em`.
    pub fn path(self) -> &'static str {
        self.row().path
    }

    /// The field with this key in this section. Keys are compared exactly, as Meta does.
    pub fn find(section: Section, name: &str) -> Option<Self> {
        index::find(section, name)
    }

    /// The field with this path, such as `user_data.em`.
    pub fn from_path(path: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.path == path).map(|row| row.field)
    }
}

mod index;
