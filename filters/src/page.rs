//! What the filter reads of a URL: host, path, route and click id. Nothing else of it is ever used.
//!
//! A path is compared only after it is decoded, freed of dot segments, empty segments and matrix parameters, and folded to
//! lower case, so that no spelling of a page escapes its class. Plain URLs are read by hand, which is several times cheaper;
//! anything unusual goes to the `url` crate, and a property test compares the two.

use std::borrow::Cow;

use memchr::memchr2;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::cut;
use crate::normalize::strip_suffix;

/// The parts of a URL that decide.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<'a> {
    /// Host in lower case, as the URL standard writes it.
    pub(crate) host: Cow<'a, str>,
    /// The path, decoded and folded; to be taken apart with [`segments`].
    pub(crate) path: Cow<'a, str>,
    /// A `#/` route, which single-page applications use as a path, likewise.
    pub(crate) route: Option<String>,
    /// Path and route once more, where escapes hide slashes: as servers read them that split before they decode. To those
    /// `/rx/..%2fp` is a page of `/rx`, to others one of `/p`.
    pub(crate) split_first: Vec<String>,
    /// The value of `fbclid`, as it stands.
    pub(crate) fbclid: Option<&'a str>,
}

/// The segments of a path; empty ones mean nothing.
pub(crate) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Reads a URL; `None` for one that cannot be read or is neither http nor https.
pub(crate) fn read(text: &str) -> Option<Page<'_>> {
    let text = strip_suffix(text.trim());
    read_plain(text).or_else(|| read_any(text))
}

/// A URL of the usual form: scheme and host in lower case, no port, no user, a path without escapes and dot segments.
fn read_plain(text: &str) -> Option<Page<'_>> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let (address, tail) =
        memchr2(b'?', b'#', rest.as_bytes()).and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
    let (host, path) = cut::before(address, |byte| byte == b'/');
    let plain_path = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'/');
    // Adding up over every byte, in a byte, lets the compiler look at sixteen at once.
    let is_odd = |byte: u8| u8::from(byte <= b' ') | u8::from(byte == 0x7f) | u8::from(byte == b'#');
    let usual =
        is_plain_host(host) && path.bytes().all(plain_path) && tail.bytes().fold(0, |odd, byte| odd | is_odd(byte)) == 0;
    usual.then(|| Page {
        host: Cow::Borrowed(host),
        path: Cow::Borrowed(path),
        route: None,
        split_first: Vec::new(),
        fbclid: fbclid(tail),
    })
}

/// A host of letters only: numbers, and names whose labels start with "xn--", have rules of their own.
fn is_plain_host(host: &str) -> bool {
    let (mut label, mut previous) = (0, b'.');
    for byte in host.bytes() {
        match byte {
            b'.' if label > 0 => label = 0,
            b'a'..=b'z' => label += 1,
            b'-' if previous != b'-' => label += 1,
            _ => return false,
        }
        if label > 63 {
            return false;
        }
        previous = byte;
    }
    label > 0 && host.len() <= 253
}

/// Any URL, by the rules of browsers.
fn read_any(text: &str) -> Option<Page<'_>> {
    let url = Url::parse(text).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?.trim_end_matches('.').to_owned();
    let route = url.fragment().map(|fragment| fragment.trim_start_matches('!')).filter(|fragment| fragment.starts_with('/'));
    // A route may have a query of its own.
    let route = route.and_then(|route| route.split('?').next());
    let written = [Some(url.path()), route];
    let read = written.map(|path| path.map(|path| resolved(&unescaped(path))));
    let differing = |(path, read): (Option<&str>, &Option<String>)| {
        let path = path.filter(|path| path.contains(['%', '.'])).map(split_first);
        path.filter(|path| Some(path) != read.as_ref())
    };
    let split_first = written.into_iter().zip(&read).filter_map(differing).collect();
    let [path, route] = read;
    Some(Page {
        host: Cow::Owned(host),
        path: Cow::Owned(path.unwrap_or_default()),
        route,
        split_first,
        fbclid: text.find('?').and_then(|at| text.get(at..)).and_then(fbclid),
    })
}

/// Resolves escapes until none is left, three rounds at most: `%252e%252e` is a dot segment too.
fn unescaped(path: &str) -> String {
    let mut text = path.to_owned();
    for _ in 0..3 {
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            break;
        }
        text = decoded;
    }
    text
}

/// Takes a path apart.
fn resolved(path: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    for segment in path.split(['/', '\\']) {
        match bare(segment) {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name.to_lowercase()),
        }
    }
    segments.join("/")
}

/// Takes a path apart before its escapes are resolved. A slash that was escaped stays in its segment, as a character that no
/// pattern holds.
fn split_first(path: &str) -> String {
    let segments = path.split(['/', '\\']).map(|segment| unescaped(bare(segment)).replace(['/', '\\'], "\0"));
    let segments = segments.map(|segment| resolved(&segment)).filter(|segment| !segment.is_empty());
    segments.collect::<Vec<_>>().join("/")
}

/// A segment without its matrix parameters.
fn bare(segment: &str) -> &str {
    segment.split(';').next().unwrap_or_default().trim()
}

/// The value of `fbclid` in a query.
fn fbclid(tail: &str) -> Option<&str> {
    let tail = tail.strip_prefix('?')?;
    let query = cut::once(tail, b'#').map_or(tail, |(query, _)| query);
    cut::each(query, b'&').find_map(|pair| pair.strip_prefix("fbclid="))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> String {
        read(text)
            .map_or_else(|| "none".to_owned(), |page| format!("/{}", segments(&page.path).collect::<Vec<_>>().join("/")))
    }

    #[test]
    fn every_spelling_of_a_page_is_one_path() {
        for spelling in [
            "https://shop.example/rx/refill",
            "https://shop.example/RX/Refill/",
            "https://shop.example//rx///refill?drug=x#top",
            "https://shop.example/store/../rx/refill",
            "https://shop.example/%72x/refill",
            "https://shop.example/%2572x%2frefill",
            "https://shop.example/store/%2e%2e/rx/refill",
            "https://shop.example\\rx\\refill",
            "https://jane:doe@shop.example:8443/rx;session=1/refill;drug=x",
            " https://shop.example/rx/re\tfill ",
            "HTTPS://SHOP.EXAMPLE/rx/refill.AQICAQMC",
        ] {
            assert_eq!(path(spelling), "/rx/refill", "{spelling}");
            assert_eq!(read(spelling).map(|page| page.host.into_owned()).as_deref(), Some("shop.example"));
        }
    }

    #[test]
    fn routes_and_click_ids_are_found() {
        let page = read("https://shop.example/#/rx/refill?drug=x").expect("a page");
        assert_eq!(page.route.as_deref(), Some("rx/refill"));
        let page = read("https://shop.example/?a=1&fbclid=IwAR0#x").expect("a page");
        assert_eq!((page.fbclid, page.route), (Some("IwAR0"), None));
        for none in ["", "shop.example/p", "ftp://shop.example/", "javascript:alert(1)", "https://", "/rx/refill", "data:,x"]
        {
            assert_eq!(read(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn plain_reading_agrees_with_the_url_standard(text in "https?://[a-z0-9.-]{1,20}(/[a-z0-9._%-]{0,8}){0,4}(\\?[a-z=&]{0,10})?(#[a-z/]{0,5})?") {
            if let Some(plain) = read_plain(&text) {
                let any = read_any(&text);
                let parts = |page: Page<'_>| (page.host.into_owned(), segments(&page.path).collect::<Vec<_>>().join("/"));
                prop_assert_eq!(Some(parts(plain)), any.map(parts));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _page = read(&text);
        }
    }
}
