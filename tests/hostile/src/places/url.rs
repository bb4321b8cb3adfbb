//! The parts of a URL.

use std::fmt::Write as _;

use crate::chance::Chance;
use crate::ordinary::{HOSTS, Site};
use crate::secrets::Secret;

macro_rules! parts {
    ($( $name:ident, )*) => {
        /// A part of a URL.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Part { $( $name, )* }

        impl Part {
            /// Every part.
            pub(super) const ALL: &'static [Self] = &[ $( Self::$name, )* ];
        }
    };
}

parts! {
    User,
    Password,
    Subdomain,
    SubdomainGlued,
    ForeignHost,
    // As the URL standard writes a host with letters that are not of ASCII.
    Punycode,
    Port,
    Segment,
    SegmentEncoded,
    SegmentGlued,
    Matrix,
    QueryKey,
    QueryValue,
    QueryValueEncoded,
    // The value of a query that is an address itself.
    NestedUrl,
    ClickId,
    ClickIdInside,
    Campaign,
    Fragment,
    FragmentPair,
    Route,
    RouteQuery,
    Whole,
}

impl Part {
    /// Whether a key stands beside it.
    pub(super) fn has_key(self) -> bool {
        matches!(self, Self::Matrix | Self::QueryValue | Self::QueryValueEncoded | Self::FragmentPair | Self::RouteQuery)
    }

    /// Whether a form of URLs is kept to, so that the text is read as one that has the secret in it and not beside it.
    pub fn is_click_id(self) -> bool {
        matches!(self, Self::ClickId | Self::ClickIdInside)
    }
}

/// An address of the site with the secret in one part.
pub(super) fn with(part: Part, site: Site, secret: &Secret, text: &str, chance: &mut Chance) -> String {
    let (host, path) = (HOSTS[0], site.path(chance));
    let key = secret.key.unwrap_or(chance.pick(&["q", "ref", "item", "s", "v"]));
    let slash = path.trim_end_matches('/');
    match part {
        Part::User => format!("https://{text}@{host}{path}"),
        Part::Password => format!("https://guest:{text}@{host}{path}"),
        Part::Subdomain => format!("https://{text}.{host}{path}"),
        Part::SubdomainGlued => format!("https://buy-{text}-online.shop.example{path}"),
        Part::ForeignHost => format!("https://{text}.example.org{path}"),
        Part::Punycode => {
            let host = format!("{text}.{host}");
            let host = url::Host::parse(&host).map_or(host, |host| host.to_string());
            format!("https://{host}{path}")
        }
        Part::Port => format!("https://{host}:{text}{path}"),
        Part::Segment => format!("https://{host}{slash}/{text}"),
        Part::SegmentEncoded => format!("https://{host}{slash}/{}", escaped(text)),
        Part::SegmentGlued => format!("https://{host}{slash}/buy-{text}-{}.html", chance.digits(4)),
        Part::Matrix => format!("https://{host}{slash};{key}={text}"),
        Part::QueryKey => format!("https://{host}{path}?{text}=1"),
        Part::QueryValue => format!("https://{host}{path}?page=2&{key}={text}"),
        Part::QueryValueEncoded => format!("https://{host}{path}?page=2&{key}={}&x=1", escaped(text)),
        Part::NestedUrl => {
            let inner = format!("https://{host}/search?q={}", escaped(text));
            format!("https://{host}{path}?next={}", escaped(&inner))
        }
        Part::ClickId => format!("https://{host}{path}?fbclid={text}"),
        Part::ClickIdInside => format!("https://{host}{path}?fbclid=IwAR0abcdefGHIJ-{text}-Zq93"),
        Part::Campaign => format!("https://{host}{path}?utm_source=mail&utm_campaign={}", escaped(text)),
        Part::Fragment => format!("https://{host}{path}#{text}"),
        Part::FragmentPair => format!("https://{host}{path}#{key}={text}"),
        Part::Route => format!("https://{host}{path}#/{text}"),
        Part::RouteQuery => format!("https://{host}{path}#/list?{key}={text}"),
        Part::Whole => text.to_owned(),
    }
}

/// As `encodeURIComponent` writes it.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut written, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            written.push(char::from(byte));
        } else {
            write!(written, "%{byte:02X}").unwrap_or_default();
        }
        written
    })
}
