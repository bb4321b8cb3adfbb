//! The parts of a comment: platforms, Android models, locales, and what apps tell of a device.

use super::models;
use super::shape::{fits, is_chrome_os_version, is_system_version};
use crate::cut;
use crate::normalize::COUNTRIES;

/// Parts that have no number in them.
#[rustfmt::skip]
static WORDS: &[&str] = &[
    "Linux", "Macintosh", "Win64", "x64", "X11", "iPhone", "K", "Mobile", "wv", "iPad", "Linux x86_64", "Windows", "WOW64",
    "U", "Ubuntu", "Fedora", "Linux i686", "Linux aarch64", "Linux armv7l", "Linux armv8l", "Linux armv81", "iPod touch", "iPod",
    "Tablet", "Touch", "ARM64", "ARM", "Android", "compatible", "Intel Mac OS X", "x86_64", "arm_64", "arm64", "Win32", "Xbox",
    "Xbox One", "Xbox Series X", "LG", "TV", "Smart TV", "SMART-TV", "Web0S", "OpenBSD amd64", "FreeBSD amd64", "Debian",
];

#[rustfmt::skip]
pub(crate) static LANGUAGES: &[&str] = &[
    "en", "es", "pt", "fr", "de", "it", "nl", "pl", "ru", "uk", "tr", "ar", "he", "iw", "fa", "hi", "bn", "ta", "te", "mr", "gu", "kn",
    "ml", "pa", "ur", "th", "vi", "id", "in", "ms", "ko", "ja", "zh", "sv", "nb", "no", "da", "fi", "cs", "sk", "hu", "ro", "bg", "el",
    "hr", "sr", "sl", "bs", "mk", "sq", "et", "lv", "lt", "ca", "eu", "gl", "af", "sw", "ka", "hy", "az", "kk", "uz", "mn", "km", "my",
];

static ARCHITECTURES: &[&str] = &["x86_64", "aarch64", "armv7l", "i686"];

pub(super) fn is_known(comment: &str, in_app: bool) -> bool {
    if comment == "KHTML, like Gecko" || fits("Edition std-#", comment) {
        return true;
    }
    cut::each(comment, b';').all(|part| is_known_part(part.strip_prefix(' ').unwrap_or(part), in_app))
}

fn is_known_part(part: &str, in_app: bool) -> bool {
    match is_system(part) {
        Some(known) => known,
        None => WORDS.contains(&part) || is_locale(part) || (in_app && is_device_detail(part)) || models::is_known(part),
    }
}

/// Whether a part that begins like a platform goes on like one; `None` if it does not begin so.
fn is_system(part: &str) -> Option<bool> {
    let known = match part.as_bytes().first()? {
        b'A' => is_system_version(part.strip_prefix("Android ")?),
        b'C' => match part.strip_prefix("CrOS ") {
            Some(system) => system
                .split_once(' ')
                .is_some_and(|(cpu, version)| ARCHITECTURES.contains(&cpu) && is_chrome_os_version(version)),
            None => is_ios(part.strip_prefix("CPU ")?),
        },
        b'I' => is_system_version(part.strip_prefix("Intel Mac OS X ")?),
        b'M' => is_system_version(part.strip_prefix("MSIE ")?),
        b'T' => is_system_version(part.strip_prefix("Trident/").or_else(|| part.strip_prefix("Tizen "))?),
        b'W' => is_system_version(part.strip_prefix("Windows NT ")?),
        b'i' => is_system_version(part.strip_prefix("iOS ")?),
        b'r' => fits("rv:##?#?.#", part),
        _ => return None,
    };
    Some(known)
}

/// `iPhone OS 17_4 like Mac OS X` or `OS 17_4 like Mac OS X`.
fn is_ios(system: &str) -> bool {
    let system = system.strip_prefix("iPhone ").unwrap_or(system);
    let version = system.strip_prefix("OS ").and_then(|rest| rest.strip_suffix(" like Mac OS X"));
    version.is_some_and(is_system_version)
}

/// `en-us`, `en_US`, `zh-Hans_CN`: a language and a country that exist.
pub(super) fn is_locale(part: &str) -> bool {
    let Some((language, region)) = part.split_at_checked(2) else { return false };
    let Some(region) = region.strip_prefix(['-', '_']) else { return false };
    let region = region.strip_prefix("Hans_").or_else(|| region.strip_prefix("Hant_")).unwrap_or(region);
    region.len() == 2 && LANGUAGES.contains(&language) && {
        let region = region.to_ascii_lowercase();
        COUNTRIES.binary_search(&region.as_str()).is_ok()
    }
}

/// A model of Apple's, `iPhone15,3`.
pub(super) fn is_apple_device(part: &str) -> bool {
    ["iPhone##?,##?", "iPad##?,##?", "iPod#,#"].iter().any(|pattern| fits(pattern, part))
}

/// What Instagram's app tells after its version: API level, screen, maker, model, board, chip, language, build.
fn is_device_detail(part: &str) -> bool {
    const NUMBERS: &[&str] = &[
        "########",
        "#########",
        "1#########",
        "##/##?",
        "##/##?.#",
        "###dpi",
        "###x###",
        "###x####",
        "####x####",
        "####x###",
    ];
    match part.as_bytes().first() {
        Some(b'0'..=b'9') => NUMBERS.iter().any(|pattern| fits(pattern, part)),
        Some(b'i') if is_apple_device(part) => true,
        Some(b's') if fits("scale=#.##", part) => true,
        Some(b'I') if fits("IABMV/#", part) => true,
        _ if part.len() == 2 => LANGUAGES.contains(&part),
        _ => part.split('/').all(models::is_maker) || models::is_board(part),
    }
}
