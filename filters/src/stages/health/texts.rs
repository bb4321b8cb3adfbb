//! Which texts of an event are looked through for signals of health, and what is said of their places.
//!
//! Keys of the table say nothing, nor do names of events that the policy lists, nor a value that is a number, a word of Meta's,
//! a day or an address and nothing else: they are passed over. A UUID whose bytes spell nothing says nothing either, and of such
//! a SHA-256 it is only asked whether it is that of a term. All other text is looked through, the fields that never leave too if
//! the policy scans whole events.

use std::sync::Arc;

use crate::closed_form;
use crate::detect::health::{HealthScan, Role, Sight, denies};
use crate::detect::{Work, WorkLimit, could_be_text};
use crate::event::{RawEvent, Value};
use crate::normalize::Normalizer;
use crate::policy::{FieldAction, Policy, Property};
use crate::report::{Place, SignalKind};
use crate::schema::{Field, Kind, Section};
use crate::user_agent;

/// How much of an event is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    WholeEvent,
    /// The fields that the policy names.
    KeptFields,
}

/// A reason to think that the event speaks of health.
pub(crate) struct Signal<'a> {
    pub(crate) spot: Spot<'a>,
    pub(crate) kind: SignalKind,
}

/// Where a text stands.
#[derive(Clone, Copy)]
pub(crate) enum Spot<'a> {
    /// It is the value of a field.
    Field(Field),
    /// It is an element of a list of goods, or, of `contents`, a field of it.
    InList { list: Field, nth: usize, field: Field },
    /// It is the value of a property of the site's own.
    Property(&'a Property),
    /// It has no slot: it stands under an unknown key, or where the field wants another type.
    Stray(Option<Field>),
}

impl Spot<'_> {
    /// Its path in reports.
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Field(field) | Self::InList { field, .. } | Self::Stray(Some(field)) => Place::Field(field),
            Self::Property(property) => Place::Property(Arc::clone(property.path())),
            Self::Stray(None) => Place::Unknown,
        }
    }

    /// The field of which it is the value.
    pub(super) fn field(self) -> Option<Field> {
        if let Self::Field(field) = self { Some(field) } else { None }
    }

    /// Whether the id of goods is one there too: not among what is somebody's, where as many digits are a postcode or a telephone.
    fn can_name_goods(self) -> bool {
        match self {
            Self::Field(field) | Self::InList { field, .. } => {
                matches!(field.row().kind, Kind::EventId | Kind::Url | Kind::FreeText | Kind::Denied(_))
            }
            Self::Property(_) | Self::Stray(_) => true,
        }
    }

    /// The list of goods and the element in which it stands.
    pub(super) fn in_list(self) -> Option<(Field, usize)> {
        match self {
            Self::InList { list, nth, .. } => Some((list, nth)),
            _ => None,
        }
    }

    /// Whether a signal there drops the event whatever the policy says.
    pub(super) fn always_drops(self) -> bool {
        match self {
            Self::Field(field) => !super::goes_with_goods(field),
            Self::Stray(_) => true,
            Self::InList { .. } | Self::Property(_) => false,
        }
    }
}

/// Whether a field lists goods, each of which can be harmless or not.
pub(crate) fn is_list_of_goods(field: Field) -> bool {
    let row = field.row();
    row.section == Section::CustomData && matches!(row.kind, Kind::Contents | Kind::ContentId)
}

/// The ids of goods, each with its place.
pub(super) fn ids_of_goods<'a>(raw: &'a RawEvent<'a>) -> impl Iterator<Item = (Spot<'a>, &'a Value<'a>)> {
    raw.iter().filter(|(field, _)| is_list_of_goods(*field)).flat_map(|(list, value)| {
        let items: &[_] = if let Value::Items(items) = value { items } else { &[] };
        let ids: &[_] = if items.is_empty() { value.elements() } else { &[] };
        let of_items = items.iter().enumerate().flat_map(move |(nth, item)| {
            let ids = item.iter().flatten().filter(|(field, _)| *field == Field::ItemId);
            ids.map(move |(field, id)| (Spot::InList { list, nth, field: *field }, id))
        });
        let of_ids = ids.iter().enumerate().map(move |(nth, id)| (Spot::InList { list, nth, field: list }, id));
        of_items.chain(of_ids)
    })
}

/// Looks through an event. What was found before the work's limit is noted too. Back come the places of hints that are no signal.
pub(crate) fn look<'a>(
    policy: &'a Policy,
    raw: &'a RawEvent<'a>,
    extent: Extent,
    scan: &mut HealthScan<'a>,
    work: &mut Work,
    signals: &mut Vec<Signal<'a>>,
) -> Result<Vec<Spot<'a>>, WorkLimit> {
    let mut look = Look { policy, scan, work, signals, hints: Vec::new() };
    for (field, value) in raw.iter() {
        if extent == Extent::WholeEvent || policy.action(field) != FieldAction::None {
            look.field(field, value)?;
        }
    }
    for (property, value) in raw.properties() {
        if let Some(text) = value.text().filter(|_| property.form().leaving(value).is_none()) {
            look.text(Spot::Property(property), property.name(), text, Role::Text)?;
        }
    }
    if extent == Extent::WholeEvent {
        for stray in raw.strays().iter() {
            let spot = Spot::Stray(stray.field);
            look.text(spot, stray.key, &stray.text, Role::Text)?;
            if could_be_wrapped(stray.key) && !denies(&stray.text) {
                look.text(spot, "", stray.key, Role::Text)?;
            }
        }
        for stray in raw.strays().spelled() {
            look.text(Spot::Stray(stray.field), stray.key, &stray.text, Role::Text)?;
        }
        if raw.strays().is_cut() {
            return Err(WorkLimit);
        }
    }
    look.add_up();
    Ok(look.hints)
}

struct Look<'a, 'l> {
    policy: &'a Policy,
    scan: &'l mut HealthScan<'a>,
    work: &'l mut Work,
    signals: &'l mut Vec<Signal<'a>>,
    /// Where hints stand: each is a signal only if there are more.
    hints: Vec<Spot<'a>>,
}

impl<'a> Look<'a, '_> {
    fn field(&mut self, field: Field, value: &'a Value<'a>) -> Result<(), WorkLimit> {
        let row = field.row();
        match (row.kind, value) {
            (Kind::Object(_), _) => Ok(()),
            (Kind::Contents, Value::Items(items)) => {
                let members = items.iter().enumerate().flat_map(|(nth, item)| item.iter().flatten().map(move |m| (nth, m)));
                for (nth, (member, value)) in members {
                    let spot = Spot::InList { list: field, nth, field: *member };
                    self.value(spot, *member, value)?;
                }
                Ok(())
            }
            (Kind::Restriction(restriction), _) if closed_form::restriction(restriction, value).is_ok() => Ok(()),
            (Kind::EventName, Value::Text(name)) if self.policy.outgoing_name(name).is_some() => Ok(()),
            (Kind::Url, Value::Text(url)) => {
                self.text(Spot::Field(field), "", without_own_host(self.policy, url), Role::Text)
            }
            (Kind::UserAgent, Value::Text(text)) => {
                user_agent::unexplained(text, |left| self.text(Spot::Field(field), "", left, Role::UserAgent))
            }
            _ => {
                for (nth, element) in value.elements().iter().enumerate() {
                    let spot = match row.kind {
                        Kind::ContentId => Spot::InList { list: field, nth, field },
                        _ => Spot::Field(field),
                    };
                    self.value(spot, field, element)?;
                }
                Ok(())
            }
        }
    }

    fn value(&mut self, spot: Spot<'a>, field: Field, value: &Value<'_>) -> Result<(), WorkLimit> {
        match value {
            Value::Text(text) if !is_closed_by_nature(field.row().kind, value) => self.text(spot, "", text, role(field)),
            _ => Ok(()),
        }
    }

    fn text(&mut self, spot: Spot<'a>, key: &str, text: &str, role: Role) -> Result<(), WorkLimit> {
        if let Some(catalog) = self.policy.catalog().filter(|_| spot.can_name_goods()) {
            self.work.spend(text.len())?;
            if catalog.names_telling_goods(text) {
                self.signals.push(Signal { spot, kind: SignalKind::Catalog });
            }
        }
        // The words of a UUID and of a SHA-256 are chance, such as `cbd`; only what the bytes spell, or a term's digest, is none.
        let is_chance = key.is_empty() && closed_form::is_uuid_or_sha256(text) && !could_be_text(text);
        let sight = if is_chance { self.scan.digest(text) } else { self.scan.text(key, text, role, self.work)? };
        match sight {
            Sight::Signal(kind) => self.signals.push(Signal { spot, kind }),
            Sight::Hint(_) => self.hints.push(spot),
            Sight::Nothing => {}
        }
        Ok(())
    }

    /// Hints that add up are a signal wherever one of them stands.
    fn add_up(&mut self) {
        if let Some(kind) = self.scan.finish() {
            self.signals.extend(self.hints.drain(..).map(|spot| Signal { spot, kind }));
        }
    }
}

/// Whether a key could be a word in base64 or the like. It is read as a word in any case; few keys are looked through as texts are.
fn could_be_wrapped(key: &str) -> bool {
    let odd = |byte: u8| !byte.is_ascii_alphabetic() && !matches!(byte, b'_' | b'-' | b'.' | b' ');
    let bytes = || key.bytes().zip(key.bytes().skip(1));
    let switches = bytes().filter(|(one, next)| one.is_ascii_lowercase() && next.is_ascii_uppercase()).count();
    key.len() >= 8 && (switches > 2 || key.bytes().any(odd))
}

/// A URL without its host, where that is one of the site's: that somebody was there is told by every event, and `explain` says so.
fn without_own_host<'u>(policy: &Policy, url: &'u str) -> &'u str {
    let Some((_, address)) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http")) else {
        return url;
    };
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    match address.split_at_checked(end) {
        Some((host, rest)) if policy.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) => rest,
        _ => url,
    }
}

/// Whether a value is closed by its nature: a number, a word of Meta's, a day, an address.
fn is_closed_by_nature(kind: Kind, value: &Value<'_>) -> bool {
    match kind {
        Kind::Digits { .. }
        | Kind::Uuid
        | Kind::Word(_)
        | Kind::Bool
        | Kind::Integer { .. }
        | Kind::Decimal { .. }
        | Kind::Currency
        | Kind::Price { .. }
        | Kind::Airport
        | Kind::Date
        | Kind::DateTime
        | Kind::IpAddress
        | Kind::Fbp => closed_form::of(kind, value).is_some(),
        // A country is read from its letters alone; digits between them can say something else.
        Kind::Country => {
            let has_digits = value.text().is_none_or(|text| text.bytes().any(|byte| byte.is_ascii_digit()));
            !has_digits && closed_form::of(kind, value).is_some()
        }
        Kind::UnixSeconds | Kind::SecondsNear { .. } => closed_form::whole(value).is_some(),
        _ => false,
    }
}

/// Surnames and towns are called after diseases, or diseases after them.
fn role(field: Field) -> Role {
    match field.row().kind {
        Kind::Hashed(
            Normalizer::Name | Normalizer::FirstFive | Normalizer::Initial | Normalizer::City | Normalizer::State,
        ) => Role::Name,
        _ => Role::Text,
    }
}
