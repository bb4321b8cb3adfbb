//! What Facebook's and other apps' browsers put between square brackets.

use super::comment::{is_apple_device, is_locale};
use super::models;
use super::shape::{is_app_version, is_number, is_system_version};
use crate::cut;

#[rustfmt::skip]
static APPS: &[&str] = &[
    "FBIOS", "FB4A", "FB4FireTV", "Orca-Android", "MESSENGER", "MessengerForiOS", "MessengerLiteForiOS", "EMA", "INSTAGRAM",
    "Instagram", "FBForIPhone", "FBW", "WorkForiOS", "Work-Android", "BARCELONA",
];

pub(super) fn is_known(details: &str) -> bool {
    if matches!(details, "Pinterest/iOS" | "Pinterest/Android" | "LinkedInApp") {
        return true;
    }
    cut::each(details, b';').all(|detail| match cut::once(detail, b'/') {
        Some((key, value)) => is_detail(key, value),
        None => detail.is_empty(),
    })
}

/// Build numbers have up to nine digits. The carrier, `FBCR`, is a name that people choose in some countries: it must
/// be empty.
fn is_detail(key: &str, value: &str) -> bool {
    match key {
        "FBAN" | "FB_IAB" => APPS.contains(&value),
        "FBAV" => is_app_version(value),
        "FBBV" | "FBRV" => is_number(value, 9),
        "FBDV" => is_apple_device(value) || models::is_known(value),
        "FBMD" => matches!(value, "iPhone" | "iPad" | "iPod touch"),
        "FBSN" => matches!(value, "iOS" | "iPadOS" | "iPhone OS" | "Android"),
        "FBSV" => is_system_version(value),
        "FBSS" | "FBOP" | "IABMV" | "FB_FW" | "NV" => is_number(value, 2),
        "FBCR" => value.is_empty(),
        "FBID" => matches!(value, "phone" | "tablet" | "desktop"),
        "FBLC" => is_locale(value),
        "FBMF" | "FBBD" => models::is_maker(value),
        "FBCX" => value == "modulariab",
        "FBPN" => matches!(value, "com.facebook.katana" | "com.facebook.orca" | "com.facebook.lite"),
        _ => false,
    }
}
