//! Closed vocabularies of the table.

/// Meta's `action_source` values.
pub(crate) static ACTION_SOURCES: &[&str] =
    &["email", "website", "app", "phone_call", "chat", "physical_store", "system_generated", "business_messaging", "other"];

/// Meta's `content_type` values.
pub(super) static CONTENT_TYPES: &[&str] = &["product", "product_group"];

/// Meta's `delivery_category` values.
pub(super) static DELIVERY_CATEGORIES: &[&str] = &["in_store", "curbside", "home_delivery"];

/// Meta's `messaging_channel` values.
pub(super) static MESSAGING_CHANNELS: &[&str] = &["whatsapp", "messenger", "instagram"];

/// Meta's `customer_segmentation` values.
pub(super) static CUSTOMER_SEGMENTS: &[&str] = &[
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

/// The one `event_source` that Meta documents, for events of a system that keeps leads.
pub(super) static EVENT_SOURCES: &[&str] = &["crm"];

/// Meta's `availability` values, for property.
pub(super) static AVAILABILITIES: &[&str] =
    &["available_soon", "for_rent", "for_sale", "off_market", "recently_sold", "sale_pending"];

/// Meta's `listing_type` values, for property.
pub(super) static LISTING_TYPES: &[&str] = &[
    "for_rent_by_agent",
    "for_rent_by_owner",
    "for_sale_by_agent",
    "for_sale_by_owner",
    "foreclosed",
    "new_construction",
    "new_listing",
];

/// Meta's `property_type` values.
pub(super) static PROPERTY_TYPES: &[&str] = &["apartment", "condo", "house", "land", "manufactured", "other", "townhouse"];

/// Meta's `travel_class` values.
pub(super) static TRAVEL_CLASSES: &[&str] = &["economy", "premium", "business", "first"];

/// Meta's `body_style` values, for vehicles.
pub(super) static BODY_STYLES: &[&str] =
    &["CONVERTIBLE", "COUPE", "HATCHBACK", "MINIVAN", "TRUCK", "SUV", "SEDAN", "VAN", "WAGON", "CROSSOVER", "OTHER"];

/// Meta's `drivetrain` values, for vehicles.
pub(super) static DRIVETRAINS: &[&str] = &["4X2", "4X4", "AWD", "FWD", "RWD", "OTHER", "NONE"];

/// Meta's `fuel_type` values, for vehicles.
pub(super) static FUEL_TYPES: &[&str] =
    &["DIESEL", "ELECTRIC", "FLEX", "GASOLINE", "HYBRID", "PETROL", "PLUGIN_HYBRID", "OTHER", "NONE"];

/// Meta's `transmission` values, for vehicles.
pub(super) static TRANSMISSIONS: &[&str] = &["AUTOMATIC", "MANUAL", "OTHER", "NONE"];

/// What Meta's catalogue of vehicles takes for their condition; the page on events names none.
pub(super) static VEHICLE_CONDITIONS: &[&str] = &["EXCELLENT", "GOOD", "FAIR", "POOR", "OTHER"];

/// What Meta's catalogue of vehicles takes for their state; CPO is certified by its maker.
pub(super) static VEHICLE_STATES: &[&str] = &["NEW", "USED", "CPO"];

/// What Meta's catalogue of vehicles takes for the unit of a mileage.
pub(super) static MILEAGE_UNITS: &[&str] = &["KM", "MI"];

/// Stores that put apps on devices, by the name of their own app.
pub(super) static APP_STORES: &[&str] = &[
    "com.android.vending",
    "com.amazon.venezia",
    "com.apple.AppStore",
    "com.apple.TestFlight",
    "com.huawei.appmarket",
    "com.sec.android.app.samsungapps",
    "com.xiaomi.mipicks",
    "com.heytap.market",
    "com.oppo.market",
    "com.vivo.appstore",
];

/// Meta's `attribution_model` values.
pub(super) static ATTRIBUTION_MODELS: &[&str] = &[
    "customized_multi_touch",
    "first_touch",
    "last_click",
    "last_touch",
    "linear",
    "position_based",
    "time_decay",
    "unknown",
];

/// Meta's `attribution_method` values.
pub(super) static ATTRIBUTION_METHODS: &[&str] = &["ard", "deeplink", "gpir", "invalid_response", "mir", "srn"];

/// Meta's `decline_reason` values.
pub(super) static DECLINE_REASONS: &[&str] = &[
    "attribute_to_other_source",
    "out_of_lookback_window",
    "view_through_disabled",
    "within_inactive_window",
    "inactive",
    "fraud_detected",
    "unknown",
    "reinstall_attribution_disabled",
    "lookback",
    "not_pmod_match",
    "validation_rule_detected",
    "preload_install",
    "min_time_between_re_engagements",
    "duplicated",
    "pmod_disabled",
];

/// ISO 4217 codes of currencies in use, in order. Funds, metals and the codes for tests are left out.
#[rustfmt::skip]
pub(crate) const CURRENCIES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN",
    "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB",
    "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG",
    "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF",
    "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA",
    "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO",
    "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD",
    "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN",
    "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX",
    "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR",
    "ZMW", "ZWG",
];
