//! The fixed string of a family: what is said of a browser when its own words cannot leave.
//!
//! The platform is read from the front of the value, where browsers put it, and the browser from the names of its
//! products. Versions are fixed on purpose: the fallback tells platform and browser and nothing else.

const WINDOWS_CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
const WINDOWS_EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0";
const WINDOWS_FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0";
const MAC_SAFARI: &str =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15";
const MAC_CHROME: &str =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
const MAC_FIREFOX: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:125.0) Gecko/20100101 Firefox/125.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1";
const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1";
const ANDROID_CHROME: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36";
const ANDROID_TABLET: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
const ANDROID_FIREFOX: &str = "Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0";
const LINUX_CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
const LINUX_FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0";
const CHROME_OS: &str =
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";

/// The fixed string of the family that a user agent belongs to.
pub(super) fn of(value: &str) -> Option<&'static str> {
    let platform = value.strip_prefix("Mozilla/5.0 (")?;
    // A crawler names itself so inside an ordinary user agent; as a person it would be counted.
    if platform.contains("compatible;") || platform.contains("bot") || platform.contains("Bot") {
        return None;
    }
    let has = |product: &str| platform.contains(product);
    let (firefox, chrome, webkit) = (has("Firefox/"), has("Chrome/"), has("AppleWebKit/"));
    if platform.starts_with("iPhone") || platform.starts_with("iPod") {
        webkit.then_some(IPHONE)
    } else if platform.starts_with("iPad") {
        webkit.then_some(IPAD)
    } else if platform.starts_with("Linux; Android")
        || platform.starts_with("Linux; U; Android")
        || platform.starts_with("Android")
    {
        match (firefox, webkit, has("Mobile")) {
            (true, _, _) => Some(ANDROID_FIREFOX),
            (_, true, true) => Some(ANDROID_CHROME),
            (_, true, false) => Some(ANDROID_TABLET),
            _ => None,
        }
    } else if platform.starts_with("Windows NT") {
        match (firefox, chrome, has("Edg/")) {
            (true, _, _) => Some(WINDOWS_FIREFOX),
            (_, true, true) => Some(WINDOWS_EDGE),
            (_, true, false) => Some(WINDOWS_CHROME),
            _ => None,
        }
    } else if platform.starts_with("Macintosh") {
        match (firefox, chrome) {
            (true, _) => Some(MAC_FIREFOX),
            (_, true) => Some(MAC_CHROME),
            _ => webkit.then_some(MAC_SAFARI),
        }
    } else if platform.starts_with("X11; CrOS") {
        chrome.then_some(CHROME_OS)
    } else if platform.starts_with("X11") {
        if firefox { Some(LINUX_FIREFOX) } else { chrome.then_some(LINUX_CHROME) }
    } else {
        None
    }
}

/// All of them, for the tests.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[
    WINDOWS_CHROME,
    WINDOWS_EDGE,
    WINDOWS_FIREFOX,
    MAC_SAFARI,
    MAC_CHROME,
    MAC_FIREFOX,
    IPHONE,
    IPAD,
    ANDROID_CHROME,
    ANDROID_TABLET,
    ANDROID_FIREFOX,
    LINUX_CHROME,
    LINUX_FIREFOX,
    CHROME_OS,
];
