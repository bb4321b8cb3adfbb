//! The one table: every Conversions API field that Portcullis knows, once.
//!
//! Parser, policy compiler, stages, serialiser, metric labels and documentation all come from it. A field that has no row
//! here is an unknown key: it is counted, never read and never leaves; so are the properties that a site makes up
//! (`custom_data.*`) and the names with `fb_` of apps, but for those that have a row. A nested object is a row of kind
//! [`Kind::Object`] whose fields are the rows of its [`Section`]. Sources: Meta's parameter reference (September 2026) and the
//! requests that Meta's own SDKs send.

mod kind;

mod section;

mod words;

mod set;

mod index;

pub use kind::{HashRule, Kind, Restriction, Risk};
pub use section::Section;

pub(crate) use set::FieldSet;
pub(crate) use words::{ACTION_SOURCES, CURRENCIES};

use crate::normalize::Normalizer;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The field.
    pub field: Field,
    /// Where it stands.
    pub section: Section,
    /// Its key, as Meta spells it.
    pub name: &'static str,
    /// The key as it is written: quoted, with its colon.
    pub(crate) key: &'static str,
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

/// The paths of the sections, which the paths of their fields begin with.
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
    (StoreData, $name:literal) => {
        concat!("custom_data.store_data.", $name)
    };
    (Mileage, $name:literal) => {
        concat!("custom_data.mileage.", $name)
    };
    (Contents, $name:literal) => {
        concat!("custom_data.contents[].", $name)
    };
    (AppData, $name:literal) => {
        concat!("app_data.", $name)
    };
    (OriginalEventData, $name:literal) => {
        concat!("original_event_data.", $name)
    };
    (AttributionData, $name:literal) => {
        concat!("attribution_data.", $name)
    };
    (AttributionSetting, $name:literal) => {
        concat!("attribution_data.attribution_setting.", $name)
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
                key: concat!("\"", $name, "\":"),
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
const MAX_MONEY: u32 = 99_999_999;
const MONEY: Kind = Kind::Decimal { max: MAX_MONEY };
/// Largest count that leaves.
const COUNT: Kind = Kind::Integer { min: 0, max: 9_999 };
/// How many people travel together.
const PEOPLE: Kind = Kind::Integer { min: 0, max: 99 };
/// An id of an object of Meta's: a page, an account, an ad.
const META_ID: Kind = Kind::Digits { min: 1, max: 20 };
/// How long before its event somebody saw an ad, at most.
const SINCE_TOUCH: Kind = Kind::SecondsNear { days: 90 };
/// The oldest event that Meta takes, and with it the oldest that another can be about.
const SINCE_ORIGINAL: Kind = Kind::SecondsNear { days: 62 };
const UNDOCUMENTED: Kind = Kind::Denied("Meta does not document what it holds");

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
    MessagingChannel: Event "messaging_channel", Kind::Word(words::MESSAGING_CHANNELS), one, None, Low, "by which of Meta's messengers it came";
    CustomerSegmentation: Event "customer_segmentation", Kind::Word(words::CUSTOMER_SEGMENTS), one, None, QuasiIdentifier, "whether the customer is new, and to what";
    AdvancedMeasurementTable: Event "advanced_measurement_table", UNDOCUMENTED, one, None, FreeText, "a property of Meta's SDKs";
    EventExtInfo: Event "extinfo", Kind::Denied("belongs in app_data; here Meta does not take it"), many, None, Device, "the app and its device, at a place that Meta does not know";
    UserData: Event "user_data", Kind::Object(Section::UserData), one, None, Identifier, "who the person is";
    CustomData: Event "custom_data", Kind::Object(Section::CustomData), one, None, Health, "what was bought or done";
    AppData: Event "app_data", Kind::Object(Section::AppData), one, None, Device, "the app and its device";
    OriginalEventData: Event "original_event_data", Kind::Object(Section::OriginalEventData), one, None, Identifier, "an earlier event that this one adds to";
    AttributionData: Event "attribution_data", Kind::Object(Section::AttributionData), one, None, Identifier, "which ad a partner thinks led here";

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
    FbLoginId: UserData "fb_login_id", META_ID, one, Never, Identifier, "id that Meta gave the person for an app";
    LeadId: UserData "lead_id", Kind::Digits { min: 15, max: 17 }, one, Never, Identifier, "id of a lead from Meta's own form";
    FirstFiveOfFirstName: UserData "f5first", Kind::Hashed(Normalizer::FirstFive), one, Must, QuasiIdentifier, "first five letters of the first name; their hash can be guessed";
    FirstFiveOfLastName: UserData "f5last", Kind::Hashed(Normalizer::FirstFive), one, Must, QuasiIdentifier, "first five letters of the last name; their hash can be guessed";
    Initial: UserData "fi", Kind::Hashed(Normalizer::Initial), one, Must, QuasiIdentifier, "first letter of the first name; its hash has few values";
    BirthDay: UserData "dobd", Kind::Hashed(Normalizer::BirthDay), one, Must, QuasiIdentifier, "day of birth; its hash has 31 values";
    BirthMonth: UserData "dobm", Kind::Hashed(Normalizer::BirthMonth), one, Must, QuasiIdentifier, "month of birth; its hash has 12 values";
    BirthYear: UserData "doby", Kind::Hashed(Normalizer::BirthYear), one, Must, QuasiIdentifier, "year of birth; its hash has about a hundred values";
    AppUserId: UserData "app_user_id", Kind::Hashed(Normalizer::AppUserId), one, Must, Identifier, "the app's own id of the person";
    AnonId: UserData "anon_id", Kind::Token, one, Never, Identifier, "id of an app's installation";
    Madid: UserData "madid", Kind::Uuid, one, Never, Identifier, "advertising id of a phone";
    PageId: UserData "page_id", META_ID, one, Never, Low, "the business's page";
    PageScopedUserId: UserData "page_scoped_user_id", META_ID, one, Never, Identifier, "the person, as Messenger knows them to that page";
    CtwaClid: UserData "ctwa_clid", Kind::ClickId, one, Never, Identifier, "id of a click on an ad that opens WhatsApp";
    IgAccountId: UserData "ig_account_id", META_ID, one, Never, Low, "the business's account on Instagram";
    IgSid: UserData "ig_sid", META_ID, one, Never, Identifier, "the person, as Instagram knows them to that account";
    WhatsappBusinessAccountId: UserData "whatsapp_business_account_id", META_ID, one, Never, Low, "the business's account on WhatsApp";
    InstagramBusinessAccountId: UserData "instagram_business_account_id", META_ID, one, Never, Low, "the business's account on Instagram, as examples name it";
    PartnerId: UserData "partner_id", Kind::Denied("tells Meta the person as another company knows them"), one, Never, Identifier, "a person, as a company that trades in identities knows them";
    PartnerName: UserData "partner_name", Kind::Denied("stands beside partner_id only, which never leaves"), one, None, Low, "that company";
    EmailAlias: UserData "email", Kind::Hashed(Normalizer::Email), many, Must, Identifier, "e-mail address, as the page on offline events names it";
    PhoneAlias: UserData "phone", Kind::Hashed(Normalizer::Phone), many, Must, Identifier, "telephone number, as the page on offline events names it";
    GenderAlias: UserData "gen", Kind::Hashed(Normalizer::Gender), many, Must, QuasiIdentifier, "gender, as the page on offline events names it";
    PostcodeAlias: UserData "zip", Kind::Hashed(Normalizer::Postcode), many, Must, QuasiIdentifier, "postcode, as the page on offline events names it";

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
    LeadEventSource: CustomData "lead_event_source", Kind::FreeText, one, None, FreeText, "name of the system that keeps the leads";
    EventSource: CustomData "event_source", Kind::Word(words::EVENT_SOURCES), one, None, Low, "that the event is of a system that keeps leads";
    ProductCatalogId: CustomData "product_catalog_id", META_ID, one, None, Low, "catalogue of goods at Meta";
    UserBucket: CustomData "user_bucket", Kind::FreeText, one, None, FreeText, "a group that the site puts the person in";
    AdType: CustomData "ad_type", Kind::FreeText, one, None, FreeText, "kind of ad";
    StoreData: CustomData "store_data", Kind::Object(Section::StoreData), one, None, Health, "in which shop";

    Availability: CustomData "availability", Kind::Word(words::AVAILABILITIES), one, None, Low, "whether a property can be had";
    ListingType: CustomData "listing_type", Kind::Word(words::LISTING_TYPES), one, None, Low, "who offers a property, and how";
    PropertyType: CustomData "property_type", Kind::Word(words::PROPERTY_TYPES), one, None, Low, "what kind of property";
    LeaseStartDate: CustomData "lease_start_date", Kind::Date, one, None, QuasiIdentifier, "first day of a lease";
    LeaseEndDate: CustomData "lease_end_date", Kind::Date, one, None, QuasiIdentifier, "last day of a lease";
    PreferredBathsRange: CustomData "preferred_baths_range", Kind::Range { most: 2, max: 99 }, many, None, Low, "fewest and most bathrooms wanted";
    PreferredBedsRange: CustomData "preferred_beds_range", Kind::Range { most: 2, max: 99 }, many, None, Low, "fewest and most bedrooms wanted";
    PreferredPriceRange: CustomData "preferred_price_range", Kind::Range { most: 2, max: MAX_MONEY }, many, None, QuasiIdentifier, "lowest and highest price wanted";
    PreferredNeighborhoods: CustomData "preferred_neighborhoods", Kind::FreeText, many, None, FreeText, "quarters wanted";
    PlaceCity: CustomData "city", Kind::FreeText, one, None, FreeText, "town of a property, a hotel or a vehicle";
    PlaceRegion: CustomData "region", Kind::FreeText, one, None, FreeText, "its state or region";
    PlaceNeighborhood: CustomData "neighborhood", Kind::FreeText, one, None, FreeText, "its quarter";
    PlacePostalCode: CustomData "postal_code", Kind::FreeText, one, None, FreeText, "its postcode, in clear";
    PlaceCountry: CustomData "country", Kind::Country, one, None, QuasiIdentifier, "its country";
    DmaCode: CustomData "dma_code", Kind::Digits { min: 3, max: 3 }, one, None, QuasiIdentifier, "market area of the United States that offers are for";

    CheckinDate: CustomData "checkin_date", Kind::DateTime, one, None, QuasiIdentifier, "day of arrival at a hotel";
    CheckoutDate: CustomData "checkout_date", Kind::DateTime, one, None, QuasiIdentifier, "day of departure from a hotel";
    DepartingDepartureDate: CustomData "departing_departure_date", Kind::DateTime, one, None, QuasiIdentifier, "start of the way out";
    DepartingArrivalDate: CustomData "departing_arrival_date", Kind::DateTime, one, None, QuasiIdentifier, "end of the way out";
    ReturningDepartureDate: CustomData "returning_departure_date", Kind::DateTime, one, None, QuasiIdentifier, "start of the way back";
    ReturningArrivalDate: CustomData "returning_arrival_date", Kind::DateTime, one, None, QuasiIdentifier, "end of the way back";
    TravelStart: CustomData "travel_start", Kind::DateTime, one, None, QuasiIdentifier, "start of the journey";
    TravelEnd: CustomData "travel_end", Kind::DateTime, one, None, QuasiIdentifier, "end of the journey";
    OriginAirport: CustomData "origin_airport", Kind::Airport, one, None, QuasiIdentifier, "airport of departure, IATA";
    DestinationAirport: CustomData "destination_airport", Kind::Airport, one, None, QuasiIdentifier, "airport of arrival, IATA";
    DestinationIds: CustomData "destination_ids", Kind::ContentId, many, None, QuasiIdentifier, "ids of destinations in a catalogue";
    TravelClass: CustomData "travel_class", Kind::Word(words::TRAVEL_CLASSES), one, None, Low, "class of seats";
    NumAdults: CustomData "num_adults", PEOPLE, one, None, QuasiIdentifier, "how many adults";
    NumChildren: CustomData "num_children", PEOPLE, one, None, QuasiIdentifier, "how many children";
    NumInfants: CustomData "num_infants", PEOPLE, one, None, QuasiIdentifier, "how many infants";
    PreferredNumStops: CustomData "preferred_num_stops", Kind::Integer { min: 0, max: 9 }, one, None, Low, "how many stops at most";
    PreferredStarRatings: CustomData "preferred_star_ratings", Kind::Range { most: 5, max: 5 }, many, None, Low, "fewest and most stars wanted of a hotel";
    HotelScore: CustomData "hotel_score", Kind::Decimal { max: 100 }, one, None, Low, "worth of a hotel to the advertiser";

    Make: CustomData "make", Kind::FreeText, one, None, FreeText, "make of a vehicle";
    Model: CustomData "model", Kind::FreeText, one, None, FreeText, "model of a vehicle";
    Trim: CustomData "trim", Kind::FreeText, one, None, FreeText, "line of a vehicle";
    Year: CustomData "year", Kind::Digits { min: 4, max: 4 }, one, None, Low, "year in which a vehicle was launched";
    Vin: CustomData "vin", Kind::Token, one, None, Identifier, "number of a vehicle, which leads to its owner";
    Mileage: CustomData "mileage", Kind::Object(Section::Mileage), one, None, Low, "how far a vehicle has run";
    BodyStyle: CustomData "body_style", Kind::Word(words::BODY_STYLES), one, None, Low, "form of a vehicle";
    Drivetrain: CustomData "drivetrain", Kind::Word(words::DRIVETRAINS), one, None, Low, "its driven wheels";
    FuelType: CustomData "fuel_type", Kind::Word(words::FUEL_TYPES), one, None, Low, "its fuel";
    Transmission: CustomData "transmission", Kind::Word(words::TRANSMISSIONS), one, None, Low, "its gears";
    ConditionOfVehicle: CustomData "condition_of_vehicle", Kind::Word(words::VEHICLE_CONDITIONS), one, None, Low, "how well it is kept";
    StateOfVehicle: CustomData "state_of_vehicle", Kind::Word(words::VEHICLE_STATES), one, None, Low, "new, used or certified";
    ExteriorColor: CustomData "exterior_color", Kind::FreeText, one, None, FreeText, "its colour";
    InteriorColor: CustomData "interior_color", Kind::FreeText, one, None, FreeText, "its colour inside";
    Price: CustomData "price", Kind::Price { max: MAX_MONEY }, one, None, Low, "its price with the currency";

    SuggestedDestinations: CustomData "suggested_destinations", Kind::ContentId, many, None, QuasiIdentifier, "ids of destinations that were suggested";
    SuggestedHomeListings: CustomData "suggested_home_listings", Kind::ContentId, many, None, QuasiIdentifier, "ids of homes that were suggested";
    SuggestedHotels: CustomData "suggested_hotels", Kind::ContentId, many, None, QuasiIdentifier, "ids of hotels that were suggested";
    SuggestedJobs: CustomData "suggested_jobs", Kind::ContentId, many, None, QuasiIdentifier, "ids of jobs that were suggested";
    SuggestedLocalServiceBusinesses: CustomData "suggested_local_service_businesses", Kind::ContentId, many, None, Health, "ids of businesses that were suggested, clinics among them";
    SuggestedLocationBasedItems: CustomData "suggested_location_based_items", Kind::ContentId, many, None, Health, "ids of offers nearby that were suggested";
    SuggestedVehicles: CustomData "suggested_vehicles", Kind::ContentId, many, None, Low, "ids of vehicles that were suggested";

    FbContent: CustomData "fb_content", Kind::Denied("is JSON in a text, which has no closed form; contents has one"), one, None, FreeText, "the goods as apps send them";
    FbContentId: CustomData "fb_content_id", Kind::ContentId, one, None, Health, "id of the goods, as apps name it";
    FbContentIds: CustomData "fb_content_ids", Kind::ContentId, many, None, Health, "`content_ids`, as apps name it";
    FbContentType: CustomData "fb_content_type", Kind::Word(words::CONTENT_TYPES), one, None, Low, "`content_type`, as apps name it";
    FbCurrency: CustomData "fb_currency", Kind::Currency, one, None, Low, "currency, as apps name it";
    FbDeliveryCategory: CustomData "fb_delivery_category", Kind::Word(words::DELIVERY_CATEGORIES), one, None, Low, "`delivery_category`, as apps name it";
    FbDescription: CustomData "fb_description", Kind::FreeText, one, None, FreeText, "any description";
    FbLevel: CustomData "fb_level", Kind::FreeText, one, None, FreeText, "level of a game";
    FbMaxRatingValue: CustomData "fb_max_rating_value", Kind::Decimal { max: 100 }, one, None, Low, "top of a scale of ratings";
    FbNumItems: CustomData "fb_num_items", COUNT, one, None, Low, "`num_items`, as apps name it";
    FbOrderId: CustomData "fb_order_id", Kind::Token, one, None, Identifier, "`order_id`, as apps name it";
    FbPaymentInfoAvailable: CustomData "fb_payment_info_available", Kind::Integer { min: 0, max: 1 }, one, None, Low, "1 if a way to pay is known";
    FbPredictedLtv: CustomData "fb_predicted_ltv", MONEY, one, None, QuasiIdentifier, "`predicted_ltv`, as apps name it";
    FbRegistrationMethod: CustomData "fb_registration_method", Kind::FreeText, one, None, FreeText, "by what somebody registered";
    FbSearchString: CustomData "fb_search_string", Kind::FreeText, one, None, FreeText, "`search_string`, as apps name it";
    FbSuccess: CustomData "fb_success", Kind::Integer { min: 0, max: 1 }, one, None, Low, "1 if it succeeded";
    ValueToSum: CustomData "_valueToSum", MONEY, one, None, Health, "value, as apps name it";

    StorePageId: StoreData "store_page_id", META_ID, one, None, Health, "page of the shop";
    BrandPageId: StoreData "brand_page_id", META_ID, one, None, Low, "page of the brand";
    StoreCode: StoreData "store_code", Kind::Token, one, None, Health, "the site's own code of the shop: which clinic or branch";

    MileageValue: Mileage "value", Kind::Decimal { max: 9_999_999 }, one, None, Low, "how far";
    MileageUnit: Mileage "unit", Kind::Word(words::MILEAGE_UNITS), one, None, Low, "in which unit";

    ItemId: Contents "id", Kind::ContentId, one, None, Health, "id of one of the goods";
    ItemQuantity: Contents "quantity", COUNT, one, None, Low, "how many of it";
    ItemPrice: Contents "item_price", MONEY, one, None, Health, "price of one";
    ItemDeliveryCategory: Contents "delivery_category", Kind::Word(words::DELIVERY_CATEGORIES), one, None, Low, "how it reaches the customer";
    ItemTitle: Contents "title", Kind::FreeText, one, None, FreeText, "its title";
    ItemDescription: Contents "description", Kind::FreeText, one, None, FreeText, "its description";
    ItemBrand: Contents "brand", Kind::FreeText, one, None, FreeText, "its brand";
    ItemCategory: Contents "category", Kind::FreeText, one, None, FreeText, "its category";
    ItemOfflinePrice: Contents "price", MONEY, one, None, Health, "its price, as old examples name it; `item_price` is the one that leaves";

    AppAdvertiserTrackingEnabled: AppData "advertiser_tracking_enabled", Kind::Restriction(Restriction::StrictWhenFalse), one, None, Restriction, "whether the person allowed tracking across apps";
    ApplicationTrackingEnabled: AppData "application_tracking_enabled", Kind::Restriction(Restriction::StrictWhenFalse), one, None, Restriction, "whether the person allowed tracking in the app";
    ExtInfo: AppData "extinfo", Kind::ExtInfo, many, None, Device, "the app and its device, by position";
    CampaignIds: AppData "campaign_ids", Kind::Denied("Meta does not document its form"), one, None, Identifier, "a click on an ad";
    ConsiderViews: AppData "consider_views", Kind::Bool, one, None, Low, "whether views of ads count";
    IncludeDwellData: AppData "include_dwell_data", Kind::Bool, one, None, Low, "whether time on ads counts";
    IncludeVideoData: AppData "include_video_data", Kind::Bool, one, None, Low, "whether views of videos count";
    InstallReferrer: AppData "install_referrer", Kind::FreeText, one, None, FreeText, "the address that led to the installation";
    InstallerPackage: AppData "installer_package", Kind::Word(words::APP_STORES), one, None, Low, "the store from which the app came";
    ReceiptData: AppData "receipt_data", Kind::Denied("holds the whole receipt of a purchase, which nothing here can read"), one, None, FreeText, "receipt of an app store";
    UrlSchemes: AppData "url_schemes", Kind::Denied("tells which other apps a person has"), many, None, Device, "addresses that the device's apps answer to";
    VendorId: AppData "vendor_id", Kind::Uuid, one, None, Identifier, "id of the device for the apps of one maker";
    WindowsAttributionId: AppData "windows_attribution_id", Kind::Token, one, None, Identifier, "id of an installation on Windows";

    OriginalEventName: OriginalEventData "event_name", Kind::EventName, one, None, Health, "its name";
    OriginalEventTime: OriginalEventData "event_time", SINCE_ORIGINAL, one, None, QuasiIdentifier, "when it happened";
    OriginalOrderId: OriginalEventData "order_id", Kind::Token, one, None, Identifier, "its order";
    OriginalEventId: OriginalEventData "event_id", Kind::EventId, one, None, Identifier, "its id";

    AttributionScope: AttributionData "scope", Kind::FreeText, one, None, FreeText, "whether clicks or views are meant";
    VisitTime: AttributionData "visit_time", SINCE_TOUCH, one, None, QuasiIdentifier, "when the site was visited";
    AdId: AttributionData "ad_id", META_ID, one, None, Low, "the ad";
    AdsetId: AttributionData "adset_id", META_ID, one, None, Low, "its ad set";
    CampaignId: AttributionData "campaign_id", META_ID, one, None, Low, "its campaign";
    AttributionShare: AttributionData "attribution_share", Kind::Decimal { max: 1 }, one, None, Low, "share of the credit";
    AttributionModel: AttributionData "attribution_model", Kind::Word(words::ATTRIBUTION_MODELS), one, None, Low, "by which model";
    AttrWindow: AttributionData "attr_window", Kind::Integer { min: 0, max: 365 }, one, None, Low, "by which window, in days";
    AttributionValue: AttributionData "attribution_value", MONEY, one, None, Health, "share of the amount";
    AttributionSource: AttributionData "attribution_source", Kind::FreeText, one, None, FreeText, "who says so";
    TouchpointType: AttributionData "touchpoint_type", Kind::FreeText, one, None, FreeText, "what kind of touch";
    TouchpointTs: AttributionData "touchpoint_ts", SINCE_TOUCH, one, None, QuasiIdentifier, "when the ad was seen";
    AttributionMethod: AttributionData "attribution_method", Kind::Word(words::ATTRIBUTION_METHODS), one, None, Low, "by what it was told";
    DeclineReason: AttributionData "decline_reason", Kind::Word(words::DECLINE_REASONS), one, None, Low, "why it was not attributed to Meta";
    AuditingToken: AttributionData "auditing_token", Kind::Token, one, None, Identifier, "token of Meta's for the partner";
    LinkageKey: AttributionData "linkage_key", Kind::Token, one, None, Identifier, "joins it with another event";
    TouchpointId: AttributionData "touchpoint_id", Kind::Token, one, None, Identifier, "the touch";
    AttributionSetting: AttributionData "attribution_setting", Kind::Object(Section::AttributionSetting), one, None, Low, "by which windows the partner counts";
    TotalCredit: AttributionData "total_credit", Kind::Decimal { max: 100 }, one, None, Low, "sum of the shares";
    PartnerClientId: AttributionData "partner_client_id", Kind::Token, one, None, Identifier, "the business, as the partner knows it";

    InactivityWindowHours: AttributionSetting "inactivity_window_hours", Kind::Integer { min: 0, max: 9_999 }, one, None, Low, "how long somebody counts as active";
    ReattributionWindowHours: AttributionSetting "reattribution_window_hours", Kind::Integer { min: 0, max: 9_999 }, one, None, Low, "how long a return counts as new";
}

/// How many rows the table has.
pub(crate) const FIELD_COUNT: usize = TABLE.len();

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
