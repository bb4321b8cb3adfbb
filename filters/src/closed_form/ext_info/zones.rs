//! Zones of time: names of the tz database, and the abbreviations that phones give. Lists, since either can place a person.

/// `America/New_York` and the like: those in which most people live.
#[rustfmt::skip]
static NAMES: &[&str] = &[
    "UTC", "GMT", "Africa/Abidjan", "Africa/Accra", "Africa/Addis_Ababa", "Africa/Algiers", "Africa/Cairo", "Africa/Casablanca",
    "Africa/Dakar", "Africa/Johannesburg", "Africa/Khartoum", "Africa/Kinshasa", "Africa/Lagos", "Africa/Luanda", "Africa/Nairobi",
    "Africa/Tunis", "America/Anchorage", "America/Argentina/Buenos_Aires", "America/Asuncion", "America/Bogota", "America/Boise",
    "America/Caracas", "America/Chicago", "America/Costa_Rica", "America/Denver", "America/Detroit", "America/Edmonton",
    "America/El_Salvador", "America/Guatemala", "America/Guayaquil", "America/Halifax", "America/Havana", "America/Jamaica",
    "America/La_Paz", "America/Lima", "America/Los_Angeles", "America/Managua", "America/Manaus", "America/Mexico_City",
    "America/Monterrey", "America/Montevideo", "America/New_York", "America/Panama", "America/Phoenix", "America/Puerto_Rico",
    "America/Regina", "America/Santiago", "America/Santo_Domingo", "America/Sao_Paulo", "America/St_Johns", "America/Tegucigalpa",
    "America/Tijuana", "America/Toronto", "America/Vancouver", "America/Winnipeg", "Asia/Almaty", "Asia/Amman", "Asia/Baghdad",
    "Asia/Baku", "Asia/Bangkok", "Asia/Beirut", "Asia/Calcutta", "Asia/Colombo", "Asia/Damascus", "Asia/Dhaka", "Asia/Dubai",
    "Asia/Ho_Chi_Minh", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Kabul", "Asia/Karachi", "Asia/Kathmandu",
    "Asia/Katmandu", "Asia/Kolkata", "Asia/Kuala_Lumpur", "Asia/Kuwait", "Asia/Manila", "Asia/Phnom_Penh", "Asia/Qatar", "Asia/Riyadh",
    "Asia/Saigon", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tashkent", "Asia/Tbilisi", "Asia/Tehran",
    "Asia/Tokyo", "Asia/Vladivostok", "Asia/Yangon", "Asia/Yekaterinburg", "Asia/Yerevan", "Atlantic/Azores", "Atlantic/Canary",
    "Atlantic/Reykjavik", "Australia/Adelaide", "Australia/Brisbane", "Australia/Darwin", "Australia/Hobart", "Australia/Melbourne",
    "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens", "Europe/Belgrade", "Europe/Berlin", "Europe/Bratislava",
    "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest", "Europe/Chisinau", "Europe/Copenhagen", "Europe/Dublin",
    "Europe/Helsinki", "Europe/Istanbul", "Europe/Kiev", "Europe/Kyiv", "Europe/Lisbon", "Europe/Ljubljana", "Europe/London",
    "Europe/Luxembourg", "Europe/Madrid", "Europe/Malta", "Europe/Minsk", "Europe/Moscow", "Europe/Oslo", "Europe/Paris",
    "Europe/Prague", "Europe/Riga", "Europe/Rome", "Europe/Samara", "Europe/Sarajevo", "Europe/Skopje", "Europe/Sofia",
    "Europe/Stockholm", "Europe/Tallinn", "Europe/Tirane", "Europe/Vienna", "Europe/Vilnius", "Europe/Warsaw", "Europe/Zagreb",
    "Europe/Zurich", "Indian/Maldives", "Indian/Mauritius", "Pacific/Auckland", "Pacific/Fiji", "Pacific/Guam", "Pacific/Honolulu",
    "Pacific/Port_Moresby",
];

/// Abbreviations that mean a zone.
#[rustfmt::skip]
static ABBREVIATIONS: &[&str] = &[
    "UTC", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "AKST", "AKDT", "HST", "AST", "ADT", "NST", "NDT", "BST", "IST",
    "WET", "WEST", "CET", "CEST", "EET", "EEST", "MSK", "SAST", "WAT", "CAT", "EAT", "JST", "KST", "HKT", "PHT", "WIB", "AEST", "AEDT",
    "ACST", "ACDT", "AWST", "NZST", "NZDT", "BRT", "ART", "CLT", "CLST", "COT", "PET",
];

pub(super) fn is_name(text: &str) -> bool {
    NAMES.contains(&text)
}

/// An abbreviation of the list, or `GMT+5`, `GMT-03:30`.
pub(super) fn is_abbreviation(text: &str) -> bool {
    let Some(offset) = text.strip_prefix("GMT").and_then(|rest| rest.strip_prefix(['+', '-'])) else {
        return ABBREVIATIONS.contains(&text);
    };
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "00"));
    let is_hours = (1..=2).contains(&hours.len()) && hours.bytes().all(|byte| byte.is_ascii_digit());
    is_hours && hours.parse::<u8>().is_ok_and(|hours| hours <= 14) && matches!(minutes, "00" | "15" | "30" | "45")
}
