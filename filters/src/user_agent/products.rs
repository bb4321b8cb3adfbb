//! The products that may stand in a user agent, and the shape of each one's version.

use super::shape::{self, fits};
use crate::cut;

/// What a product is to the piece after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    /// Nothing special.
    Plain,
    /// Named with its version in a piece of its own, as in `Instagram 325.0.3.34.90`.
    WantsVersion,
    /// An app whose version was read: its comment may tell of the device.
    App,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Dotted,
    Engine,
    /// The Google app counts its builds: `314.0.624395321`.
    GoogleApp,
    /// `25.10.6.63.00`
    Yandex,
    /// Edge before Chromium: `18.17763`.
    OldEdge,
    /// `20100101`, or dotted on Android.
    Gecko,
    /// Apple's build, `15E148`.
    AppleBuild,
}

/// In order of frequency.
#[rustfmt::skip]
static PRODUCTS: &[(&str, Version)] = &[
    ("AppleWebKit", Version::Engine), ("Safari", Version::Engine), ("Chrome", Version::Dotted), ("Version", Version::Dotted),
    ("Mobile", Version::AppleBuild), ("Gecko", Version::Gecko), ("Firefox", Version::Dotted), ("Edg", Version::Dotted),
    ("CriOS", Version::Dotted), ("GSA", Version::GoogleApp), ("SamsungBrowser", Version::Dotted), ("OPR", Version::Dotted),
    ("EdgA", Version::Dotted), ("EdgiOS", Version::Dotted), ("Edge", Version::OldEdge), ("FxiOS", Version::Dotted),
    ("DuckDuckGo", Version::Dotted), ("Ddg", Version::Dotted), ("OPT", Version::Dotted), ("OPX", Version::Dotted),
    ("OPiOS", Version::Dotted), ("OPRGX", Version::Dotted), ("YaBrowser", Version::Yandex), ("Vivaldi", Version::Dotted),
    ("Brave", Version::Dotted), ("Whale", Version::Dotted), ("Chromium", Version::Dotted), ("HeadlessChrome", Version::Dotted),
    ("UCBrowser", Version::Dotted), ("MiuiBrowser", Version::Dotted), ("HuaweiBrowser", Version::Dotted),
    ("HeyTapBrowser", Version::Dotted), ("VivoBrowser", Version::Dotted), ("MQQBrowser", Version::Dotted),
    ("QQBrowser", Version::Dotted), ("MicroMessenger", Version::Dotted), ("Line", Version::Dotted), ("Silk", Version::Dotted),
    ("Focus", Version::Dotted), ("Klar", Version::Dotted), ("Snapchat", Version::Dotted), ("Pinterest", Version::Dotted),
    ("Phoenix", Version::Dotted), ("Ecosia", Version::Dotted), ("Avast", Version::Dotted), ("AVG", Version::Dotted),
    ("CCleaner", Version::Dotted), ("Norton", Version::Dotted), ("AvastSecureBrowser", Version::Dotted),
    ("coc_coc_browser", Version::Dotted), ("Electron", Version::Dotted), ("SeaMonkey", Version::Dotted),
    ("PaleMoon", Version::Dotted), ("Waterfox", Version::Dotted), ("Ubuntu", Version::Dotted), ("Opera", Version::Dotted),
    ("iPhone", Version::Dotted), ("Quest", Version::Dotted), ("OculusBrowser", Version::Dotted), ("Quark", Version::Dotted),
];

/// Words that stand alone: `Mobile Safari/537.36`, `like Gecko`, `Twitter for iPhone/10.35`.
static WORDS: &[&str] = &["Mobile", "Safari", "like", "Gecko", "Twitter", "for", "Ubuntu", "Brave"];

/// Apps that put a space before their version.
static APPS: &[&str] = &["Instagram", "Barcelona"];

pub(super) fn read(piece: &str, after: Product) -> Option<Product> {
    if after == Product::WantsVersion {
        return shape::is_app_version(piece).then_some(Product::App);
    }
    let Some((name, version)) = cut::once(piece, b'/') else {
        if APPS.contains(&piece) {
            return Some(Product::WantsVersion);
        }
        // `Instagram 330.0.0.40.92 Android (33/13; ...)`
        if after == Product::App && piece == "Android" {
            return Some(Product::App);
        }
        return WORDS.contains(&piece).then_some(Product::Plain);
    };
    let &(_, shape) = PRODUCTS.iter().find(|(known, _)| *known == name)?;
    let fits_version = match shape {
        Version::Dotted => shape::is_version(version),
        Version::Engine => shape::is_engine_version(version),
        Version::GoogleApp => fits("##?#?.#.########?#?", version),
        Version::Yandex => shape::is_version(version) || fits("##.##?.#.##?#?.##", version),
        Version::OldEdge => fits("##.#####", version),
        Version::Gecko => version == "20100101" || shape::is_version(version),
        Version::AppleBuild => fits("##@##?#?#?~?", version),
    };
    fits_version.then_some(Product::Plain)
}
