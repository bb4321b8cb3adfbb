//! `[pages]`, compiled: to which class a page belongs, and what leaves of its URL.

use super::document::{self, PageAction};
use crate::cut;
use crate::page::{self, Page};
use crate::user_agent::LANGUAGES;

/// The classes of a policy.
pub(crate) struct PageRules {
    pub(super) classes: Vec<PageClass>,
    pub(crate) default: PageAction,
    pub(crate) no_url: PageAction,
}

/// One class.
pub(super) struct PageClass {
    pub(super) name: Box<str>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) outcome: Outcome,
}

/// What a class does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Drop,
    Origin,
    /// The URL leaves with this path, a literal of the policy.
    SendAs(Box<str>),
}

/// A page pattern: segments, `*` for exactly one, and `**` at the end for any number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    segments: Vec<Option<Box<str>>>,
    open: bool,
}

/// What is decided of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict<'p> {
    /// The event does not leave.
    Drop {
        /// Name of the class that drops; `None` for a page that is not listed.
        class: Option<&'p str>,
    },
    /// The URL leaves with this path.
    Leave {
        /// `/` or a literal of the policy.
        path: &'p str,
        /// Name of the class; `None` for a page that is not listed.
        class: Option<&'p str>,
    },
}

impl PageRules {
    /// Decides on a page. A class that drops wins over every other, by whichever reading of the page it matches; then the first
    /// class that matches.
    pub(crate) fn decide(&self, page: &Page<'_>) -> Verdict<'_> {
        // A route of a single-page application tells more than the path that serves it, so it is looked at first.
        let paths = || {
            let split_first = page.split_first.iter().map(String::as_str);
            page.route.as_deref().into_iter().chain([page.path.as_ref()]).chain(split_first)
        };
        let drops = |class: &PageClass| {
            class.outcome == Outcome::Drop && paths().flat_map(wide_readings).any(|reading| class.matches(reading))
        };
        if let Some(class) = self.classes.iter().find(|class| drops(class)) {
            return Verdict::Drop { class: Some(&class.name) };
        }
        let class_of = |path| readings(path).find_map(|reading| self.classes.iter().find(|class| class.matches(reading)));
        let mut first = None;
        for path in paths() {
            let class = class_of(path);
            // Path and route must both be listed: an unlisted one of the two is an unlisted page.
            if class.is_none() && self.default == PageAction::DropEvent {
                return Verdict::Drop { class: None };
            }
            first = first.or(class);
        }
        match first {
            Some(class) => Verdict::Leave { path: class.path(), class: Some(&class.name) },
            None => Verdict::Leave { path: "/", class: None },
        }
    }

    /// Every path with which a URL can leave.
    pub(crate) fn outgoing_paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once("/").chain(self.classes.iter().map(PageClass::path))
    }

    /// Whether a page of this class could have left with this path. An event that lost its goods left as the origin, whatever its
    /// page was.
    pub(crate) fn could_be(&self, class: &str, path: &str) -> bool {
        path == "/" || self.classes.iter().any(|other| other.name.as_ref() == class && other.path() == path)
    }

    /// Whether the class of this name drops its events.
    pub(super) fn drops(&self, name: &str) -> bool {
        self.classes.iter().any(|class| class.name.as_ref() == name && class.outcome == Outcome::Drop)
    }

    /// Whether the pages of some class drop their events.
    pub(super) fn has_class_that_drops(&self) -> bool {
        self.classes.iter().any(|class| class.outcome == Outcome::Drop)
    }

    /// Whether a class has this name.
    pub(super) fn has_class(&self, name: &str) -> bool {
        self.classes.iter().any(|class| class.name.as_ref() == name)
    }
}

impl PageClass {
    pub(super) fn new(class: &document::PageClass, outcome: Outcome, patterns: Vec<Pattern>) -> Self {
        Self { name: class.name.as_str().into(), patterns, outcome }
    }

    fn matches(&self, reading: Reading<'_>) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(reading))
    }

    fn path(&self) -> &str {
        match &self.outcome {
            Outcome::SendAs(path) => path,
            Outcome::Drop | Outcome::Origin => "/",
        }
    }
}

/// A path with its first segment taken off, which rules out most patterns at one glance.
#[derive(Clone, Copy)]
struct Reading<'u> {
    first: &'u str,
    rest: &'u str,
}

impl<'u> Reading<'u> {
    fn of(path: &'u str) -> Self {
        let path = path.trim_start_matches('/');
        let (first, rest) = cut::once(path, b'/').unwrap_or((path, ""));
        Self { first, rest }
    }

    /// What follows the first segment, if that is a locale.
    fn after(self, is_locale: fn(&str) -> bool) -> Option<Self> {
        is_locale(self.first).then(|| Self::of(self.rest))
    }
}

/// A path as it is, and without a leading locale segment.
fn readings(path: &str) -> impl Iterator<Item = Reading<'_>> {
    let whole = Reading::of(path);
    std::iter::once(whole).chain(whole.after(is_locale))
}

/// The readings that count for a class that drops: whatever could be a locale is skipped too, twice if need be.
fn wide_readings(path: &str) -> impl Iterator<Item = Reading<'_>> {
    let whole = Reading::of(path);
    let once = whole.after(could_be_locale);
    std::iter::once(whole).chain(once).chain(once.and_then(|once| once.after(could_be_locale)))
}

/// A language, alone or with a script or region, as in `/en/products`, `/en-us/products`, `/zh-hant/products`. Two letters that are
/// no language are none: `/rx` is not the home page of a country.
fn is_locale(segment: &str) -> bool {
    let (language, region) = segment.split_at_checked(2).unwrap_or_default();
    // Most segments are words, which end here.
    let is_one = region.is_empty() || region.starts_with(['-', '_']) && could_be_locale(segment);
    is_one && LANGUAGES.contains(&language)
}

/// `xx`, `xx-xx`, `xx_xx`, `zh-hant-tw`, `es-419`.
fn could_be_locale(segment: &str) -> bool {
    let mut parts = segment.split(['-', '_']);
    let plain = |part: &str| (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let language = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    parts.next().is_some_and(language) && parts.all(plain)
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(rest) = text.strip_prefix('/') else { return Err("must start with a slash") };
        let mut segments = Vec::new();
        let mut open = false;
        for segment in rest.split('/').filter(|segment| !segment.is_empty()) {
            if open {
                return Err("can have `**` only at its end");
            }
            match segment {
                "**" => open = true,
                "*" => segments.push(None),
                _ if segment.contains(['*', '?', '#', '%', ';', '\\']) || segment == "." || segment == ".." => {
                    return Err("has a segment that is neither plain text nor `*` nor `**`");
                }
                _ => segments.push(Some(segment.to_lowercase().into_boxed_str())),
            }
        }
        Ok(Self { segments, open })
    }

    fn matches(&self, reading: Reading<'_>) -> bool {
        let Some((first, others)) = self.segments.split_first() else { return self.open || reading.first.is_empty() };
        if reading.first.is_empty() || first.as_deref().is_some_and(|first| first != reading.first) {
            return false;
        }
        let mut names = page::segments(reading.rest);
        let fits = |segment: &Option<Box<str>>| {
            names.next().is_some_and(|name| segment.as_deref().is_none_or(|segment| segment == name))
        };
        others.iter().all(fits) && (self.open || names.next().is_none())
    }

    /// Whether every path that the other matches is matched by this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let fits = if self.open {
            other.segments.len() >= self.segments.len()
        } else {
            other.segments.len() == self.segments.len()
        };
        let wide = self.open || !other.open;
        fits && wide && self.segments.iter().zip(&other.segments).all(|(own, other)| own.is_none() || own == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(default: PageAction) -> PageRules {
        let class = |name: &str, patterns: &[&str], outcome| PageClass {
            name: name.into(),
            patterns: patterns.iter().map(|text| Pattern::parse(text).expect("a pattern")).collect(),
            outcome,
        };
        PageRules {
            classes: vec![
                class("store", &["/", "/p/**", "/products/*"], Outcome::SendAs("/store".into())),
                class("portal", &["/rx/**", "/p/private/**"], Outcome::Drop),
            ],
            default,
            no_url: PageAction::DropEvent,
        }
    }

    fn decide(default: PageAction, url: &str) -> Option<String> {
        let rules = rules(default);
        match rules.decide(&page::read(url)?) {
            Verdict::Drop { .. } => None,
            Verdict::Leave { path, class } => Some(format!("{path} {}", class.unwrap_or("-"))),
        }
    }

    #[test]
    fn a_class_that_drops_wins_over_every_other() {
        let listed = Some("/store store".to_owned());
        for url in
            ["https://a.example/", "https://a.example/p", "https://a.example/P/1", "https://a.example/en-us/products/7"]
        {
            assert_eq!(decide(PageAction::DropEvent, url), listed, "{url}");
        }
        for url in [
            "https://a.example/rx",
            "https://a.example/rx/refill",
            "https://a.example/en/rx/refill",
            "https://a.example/p/private/x",
            "https://a.example/#/rx/refill",
            "https://a.example/p#!/rx/refill",
        ] {
            assert_eq!(decide(PageAction::Origin, url), None, "{url}");
        }
    }

    #[test]
    fn a_page_that_is_not_listed_drops_or_leaves_as_origin() {
        for url in ["https://a.example/products/7/reviews", "https://a.example/about", "https://a.example/#/about"] {
            assert_eq!(decide(PageAction::DropEvent, url), None, "{url}");
        }
        assert_eq!(decide(PageAction::Origin, "https://a.example/about"), Some("/ -".to_owned()));
    }

    #[test]
    fn patterns_cover_what_they_match() {
        let covers = |a: &str, b: &str| Pattern::parse(a).expect("a").covers(&Pattern::parse(b).expect("b"));
        assert!(covers("/**", "/rx") && covers("/rx/**", "/rx") && covers("/*/a", "/b/a") && covers("/rx/**", "/RX/*/**"));
        assert!(!covers("/rx", "/rx/**") && !covers("/a/*", "/a") && !covers("/b/a", "/*/a"));
        for bad in ["rx", "/a/**/b", "/a*", "/a?b", "/../a", "/%72x"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
