//! From what was written to what the stages use. Every error names the file, the key, the reason and the cure.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::canonical;
use super::document::{self, Document};
use super::fields::{compile_fields, unknown_field};
use super::literals;
use super::narrow::{Narrow, Narrowed};
use super::pages::{Outcome, PageClass, PageRules, Pattern};
use super::persons;
use super::property;
use super::{EventIdForm, EventRules, FieldAction, FieldRules, MissingId, Policy, PolicyDigest};
use crate::catalog::Catalog;
use crate::detect::Setting;
use crate::detect::health::{HealthRules, TermError};
use crate::document::{DocumentError, nearest};
use crate::schema::{ACTION_SOURCES, Field};

/// Why a policy was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It is not a document of the right form.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A key contradicts another, or asks for what cannot be.
    #[error("{file}: {key}: {reason}")]
    Key {
        /// The file, as the caller named it.
        file: String,
        /// The key, such as `fields.user_data.em`.
        key: String,
        /// What is wrong and what to write instead.
        reason: String,
    },
}

/// An error before the file's name is known. In keys, elements are counted from 1, as in the errors of the document.
pub(super) type Checked<T> = Result<T, (String, String)>;

pub(super) fn wrong<T>(key: impl Into<String>, reason: impl Into<String>) -> Checked<T> {
    Err((key.into(), reason.into()))
}

/// Reads the catalogue of this name, which a policy gives relative to its own folder; or says why there is none.
pub(super) type ReadCatalog<'r> = &'r mut dyn FnMut(&str) -> Result<Arc<Catalog>, String>;

pub(super) fn compile(
    text: &str,
    file: &str,
    hosts: &[String],
    read_catalog: ReadCatalog<'_>,
) -> Result<Policy, PolicyError> {
    let document: Document = crate::document::read(text, file)?;
    assemble(document, hosts, read_catalog).map_err(|(key, reason)| PolicyError::Key { file: file.to_owned(), key, reason })
}

fn assemble(document: Document, hosts: &[String], read_catalog: ReadCatalog<'_>) -> Checked<Policy> {
    if document.name.is_empty() || !document.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return wrong("name", "must be made of lower case letters, digits and dashes");
    }
    if document.version == 0 {
        return wrong("version", "must be 1 or more");
    }
    let hosts: Vec<Box<str>> = hosts.iter().map(|host| host.as_str().into()).collect();
    let events = compile_events(&document.events)?;
    let pages = compile_pages(&document.pages)?;
    let fields = compile_fields(&document.fields)?;
    let narrow = compile_narrow(&document.narrow, &events, &pages, &fields)?;
    let setting = setting(&document.health);
    let health_rules = compile_health(setting, &document.health)?;
    let persons = persons::compile(&document, setting, &fields)?;
    literals::check(&document, &health_rules)?;
    // Last, because it can be long to read and every other error is told sooner.
    let catalog = compile_catalog(document.catalog.as_ref(), read_catalog)?;
    let persons_text = canonical::PersonsText::of(&document, &persons);
    let canonical =
        canonical::write(&document, &hosts, &events.sources, &fields.actions, catalog.as_deref(), persons_text.as_ref());
    Ok(Policy {
        name: document.name.as_str().into(),
        version: document.version,
        digest: PolicyDigest(canonical::digest(&canonical)),
        page_texts: canonical::PageTexts::of(&canonical),
        canonical: canonical.into_boxed_str(),
        document,
        hosts,
        events,
        pages,
        fields,
        persons,
        persons_text,
        narrow,
        catalog,
        setting,
        health_rules,
    })
}

/// A shop whose goods may go sees health less readily than a pharmacy, and that less than a hospital.
fn setting(health: &document::Health) -> Setting {
    match (health.ambiguous, health.on_signal) {
        (document::Ambiguous::Always, _) => Setting::Clinical,
        (document::Ambiguous::Context, document::OnSignal::DropEvent) => Setting::Health,
        (document::Ambiguous::Context, document::OnSignal::DropGoods) => Setting::Retail,
    }
}

fn compile_health(setting: Setting, health: &document::Health) -> Checked<HealthRules> {
    for (at, ignored) in health.ignore_terms.iter().enumerate() {
        if ignored.term.trim().is_empty() || ignored.because.trim().is_empty() {
            return wrong(format!("health.ignore_terms#{}", at + 1), "must name a term and say why it is ignored");
        }
    }
    let ignored: Vec<String> = health.ignore_terms.iter().map(|ignored| ignored.term.clone()).collect();
    HealthRules::new(setting, &health.add_terms, &ignored).map_err(|error| {
        let key = match error {
            TermError::Empty | TermError::Length { .. } | TermError::NotLatin { .. } => "health.add_terms",
            TermError::NotInLexicon { .. } | TermError::AddedAndIgnored { .. } => "health.ignore_terms",
        };
        (key.to_owned(), error.to_string())
    })
}

fn compile_catalog(written: Option<&document::Catalog>, read: ReadCatalog<'_>) -> Checked<Option<Arc<Catalog>>> {
    let Some(document::Catalog { file, .. }) = written else { return Ok(None) };
    if file.trim().is_empty() {
        return wrong("catalog.file", "must be the path of a CSV file, relative to this policy's folder");
    }
    read(file).map(Some).map_err(|reason| ("catalog.file".to_owned(), reason))
}

fn compile_events(events: &document::Events) -> Checked<EventRules> {
    const NAME: &str =
        "must start with a letter or digit and hold only letters, digits, spaces and _ . : -, 50 characters at most";
    if events.allow.is_empty() {
        return wrong("events.allow", "must list the names of the events that may leave");
    }
    let mut allow: Vec<Box<str>> = Vec::with_capacity(events.allow.len());
    for (at, name) in events.allow.iter().enumerate() {
        if !is_event_name(name) {
            return wrong(format!("events.allow#{}", at + 1), NAME);
        }
        if allow.iter().any(|other| other.as_ref() == name) {
            return wrong(format!("events.allow#{}", at + 1), "is listed twice");
        }
        allow.push(name.as_str().into());
    }
    allow.sort_unstable();
    let sources = compile_sources(&events.sources)?;
    let mut rename: Vec<(Box<str>, Box<str>)> = Vec::with_capacity(events.rename.len());
    for (own, allowed) in &events.rename {
        let key = format!("events.rename.{own}");
        if own.is_empty() || own.len() > 100 {
            return wrong(key, "the site's own name must have 1 to 100 bytes");
        }
        if allow.iter().any(|name| name.as_ref() == own) {
            return wrong(key, "is also listed in events.allow, so it would never be renamed; remove one of the two");
        }
        if !allow.iter().any(|name| name.as_ref() == allowed) {
            return wrong(key, format!("becomes a name that events.allow does not list{}", suggest(allowed, &events.allow)));
        }
        rename.push((own.as_str().into(), allowed.as_str().into()));
    }
    let event_id = match events.event_id {
        document::EventId::Opaque => EventIdForm::Opaque,
        document::EventId::Token => EventIdForm::Token,
    };
    if event_id == EventIdForm::Token && !events.prefixes.is_empty() {
        return wrong("events.prefixes", "only stands before opaque ids; with event_id = \"token\" remove it");
    }
    for (at, prefix) in events.prefixes.iter().enumerate() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if prefix.is_empty() || prefix.len() > 20 || !prefix.bytes().all(plain) {
            return wrong(format!("events.prefixes#{}", at + 1), "must be 1 to 20 letters, digits and . _ -");
        }
    }
    Ok(EventRules {
        allow,
        sources,
        rename,
        event_id,
        prefixes: events.prefixes.iter().map(|prefix| prefix.as_str().into()).collect(),
        missing_id: match events.event_id_from {
            document::EventIdFrom::Random => MissingId::Random,
            document::EventIdFrom::Content => MissingId::Content,
        },
    })
}

fn compile_sources(listed: &[String]) -> Checked<Vec<&'static str>> {
    if listed.is_empty() {
        return wrong("events.sources", "must list action sources whose events may leave, such as [\"website\"]");
    }
    let mut sources = Vec::with_capacity(listed.len());
    for (at, source) in listed.iter().enumerate() {
        let key = format!("events.sources#{}", at + 1);
        let source = action_source(&key, source)?;
        if sources.contains(&source) {
            return wrong(key, "is listed twice; remove one of the two");
        }
        sources.push(source);
    }
    // The order in which they are written decides nothing.
    sources.sort_unstable();
    Ok(sources)
}

/// One of Meta's action sources.
fn action_source(key: &str, written: &str) -> Checked<&'static str> {
    let Some(source) = ACTION_SOURCES.iter().find(|source| **source == written) else {
        let cure = nearest(written, ACTION_SOURCES)
            .map_or_else(|| format!("it can be {}", ACTION_SOURCES.join(", ")), |near| format!("did you mean \"{near}\"?"));
        return wrong(key, format!("is none of Meta's action sources; {cure}"));
    };
    Ok(source)
}

fn is_event_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'.' | b':' | b'-');
    name.len() <= 50 && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) && name.bytes().all(plain)
}

fn compile_pages(pages: &document::Pages) -> Checked<PageRules> {
    let mut rules = PageRules { classes: Vec::new(), default: pages.default, no_url: pages.no_url };
    for (at, class) in pages.class.iter().enumerate() {
        let key = format!("pages.class#{}", at + 1);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        if class.name.is_empty() || class.name.len() > 40 || !class.name.bytes().all(plain) {
            return wrong(format!("{key}.name"), "must be 1 to 40 lower case letters, digits, _ and -");
        }
        if rules.has_class(&class.name) {
            return wrong(format!("{key}.name"), "is the name of an earlier class");
        }
        let outcome = page_outcome(class).map_err(|reason| (key.clone(), reason.to_owned()))?;
        if class.patterns.is_empty() {
            return wrong(format!("{key}.match"), "must list at least one pattern");
        }
        let mut patterns = Vec::with_capacity(class.patterns.len());
        for (nth, text) in class.patterns.iter().enumerate() {
            let pattern = Pattern::parse(text).map_err(|reason| (format!("{key}.match#{}", nth + 1), reason.to_owned()))?;
            patterns.push(pattern);
        }
        rules.classes.push(PageClass::new(class, outcome, patterns));
    }
    // A class that no page can reach is a misunderstanding: its author believes in something that never happens.
    for (at, class) in rules.classes.iter().enumerate() {
        let drops = |class: &PageClass| class.outcome == Outcome::Drop;
        let hides = |nth: usize, other: &PageClass| match (drops(other), drops(class)) {
            (true, false) => true,
            (false, true) => false,
            _ => nth < at,
        };
        let hidden = |pattern: &Pattern| {
            rules
                .classes
                .iter()
                .enumerate()
                .any(|(nth, other)| hides(nth, other) && other.patterns.iter().any(|wide| wide.covers(pattern)))
        };
        if class.patterns.iter().all(hidden) {
            return wrong(
                format!("pages.class#{}.match", at + 1),
                format!(
                    "no page reaches the class \"{}\": earlier classes, or classes that drop, match all of it",
                    class.name
                ),
            );
        }
    }
    Ok(rules)
}

fn page_outcome(class: &document::PageClass) -> Result<Outcome, &'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.');
    match (class.action, &class.send_as) {
        (Some(document::PageAction::DropEvent), None) => Ok(Outcome::Drop),
        (Some(document::PageAction::Origin), None) => Ok(Outcome::Origin),
        (None, Some(path)) => {
            let fits = path.starts_with('/') && path.len() <= 100 && path.bytes().all(plain) && !path.contains("..");
            fits.then(|| Outcome::SendAs(path.as_str().into()))
                .ok_or("send_as must be a path of letters, digits and / _ - . that starts with a slash")
        }
        (Some(_), Some(_)) => Err("has both action and send_as; say one of them"),
        (None, None) => Err("must say action = \"drop_event\", action = \"origin\" or send_as = \"/a-path\""),
    }
}

fn compile_narrow(
    rules: &[document::Narrow],
    events: &EventRules,
    pages: &PageRules,
    fields: &FieldRules,
) -> Checked<Vec<Narrow>> {
    let mut compiled = Vec::with_capacity(rules.len());
    for (at, rule) in rules.iter().enumerate() {
        let key = format!("narrow#{}", at + 1);
        let when = &rule.when;
        if let Some(event) = &when.event
            && !events.allow.iter().any(|name| name.as_ref() == event)
        {
            return wrong(
                format!("{key}.when.event"),
                format!("is not listed in events.allow{}", suggest(event, &events.allow)),
            );
        }
        if let Some(page) = &when.page
            && !pages.has_class(page)
        {
            let classes: BTreeSet<&str> = pages.classes.iter().map(|class| class.name.as_ref()).collect();
            let classes: Vec<&str> = classes.into_iter().collect();
            return wrong(format!("{key}.when.page"), format!("is no class of [pages]{}", suggest(page, &classes)));
        }
        if let Some(page) = &when.page
            && pages.drops(page)
        {
            return wrong(
                format!("{key}.when.page"),
                "is a class that drops its events, so the rule would do nothing; remove it",
            );
        }
        let action_source = match &when.action_source {
            None => None,
            Some(source) => {
                let key = format!("{key}.when.action_source");
                let source = action_source(&key, source)?;
                if !events.sources.contains(&source) {
                    return wrong(key, "is not listed in events.sources, so the rule would do nothing; remove it");
                }
                Some(source)
            }
        };
        if when.dataset.as_ref().is_some_and(|id| id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit())) {
            return wrong(format!("{key}.when.dataset"), "must be the digits of a dataset's id");
        }
        let remove = compile_remove(&format!("{key}.remove"), &rule.remove, fields)?;
        compiled.push(Narrow {
            event: when.event.as_deref().map(Into::into),
            page: when.page.as_deref().map(Into::into),
            action_source,
            dataset: when.dataset.as_deref().map(Into::into),
            remove,
        });
    }
    Ok(compiled)
}

/// The fields and properties of these paths, which a rule takes away: each must be one that leaves.
pub(super) fn compile_remove(key: &str, paths: &[String], fields: &FieldRules) -> Checked<Narrowed> {
    if paths.is_empty() {
        return wrong(key, "must list the fields to take away");
    }
    let mut remove = Narrowed::default();
    for (nth, path) in paths.iter().enumerate() {
        let key = format!("{key}#{}", nth + 1);
        if let Some(property) = path.strip_prefix(property::SECTION).and_then(|name| fields.properties.find(name)) {
            remove.insert_property(property);
            continue;
        }
        let Some(field) = Field::from_path(path) else {
            let advice = if path.starts_with(property::SECTION) { " and no property that this policy names" } else { "" };
            return wrong(key, unknown_field(path, advice));
        };
        let action = fields.actions.get(field as usize).copied().unwrap_or(FieldAction::None);
        if matches!(action, FieldAction::None | FieldAction::Always) {
            return wrong(key, "is not a field that this policy lets leave, so the rule would do nothing; remove it");
        }
        remove.insert(field);
    }
    Ok(remove)
}

fn suggest<S: AsRef<str>>(word: &str, words: &[S]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    nearest(word, &words).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}
