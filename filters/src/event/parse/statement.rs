//! Reads what a sender says of the person: `consent`, `residence` and `collection`.
//!
//! They stand at the event's level, or in `custom_data`, where SDKs let keys be set; of both, the strictest counts. A `consent` that
//! went astray is read all the same: in another case, or in `user_data`. Nothing of them gets a slot, so nothing of them can leave.
//! What cannot be read counts against sharing, and so does a key in `consent` that is not known: it may be a denial, misspelled.
//! What is not a word, a code or a framework's string becomes a stray.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::Value;
use super::keys::{KeySeed, KeySet};
use super::scalar::ScalarSeed;
use super::skip::{SkipSeed, skip_elements};
use super::{Scalar, Shape, State};
use crate::closed_form;
use crate::consent::statement::{Given, Said, Signals, Statement, Told};
use crate::consent::{gpp, place, tcf};
use crate::refusal::Rule;
use crate::schema::Section;

/// What an event says of the person, while it is read.
#[derive(Default)]
pub(super) struct Stated {
    statement: Statement,
    /// One bit for each object and place where it came.
    came: u16,
}

impl Stated {
    pub(super) fn statement(self) -> Statement {
        self.statement
    }

    /// Notes a text in the place of an object, where `consent` would have been looked for.
    pub(super) fn note_text(&mut self, section: Section, text: &str) {
        let holds_consent = || text.to_ascii_lowercase().contains(Topic::Consent.key());
        if matches!(section, Section::UserData | Section::CustomData) && holds_consent() {
            self.statement.take(Topic::Consent, 0, Signals::UNREADABLE, Told::Nothing);
        }
    }
}

/// What one of the objects speaks of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Consent,
    Residence,
    Collection,
}

impl Topic {
    /// The one with this key, in any case: who writes `Consent` means it, too.
    pub(super) fn find(section: Section, key: &str) -> Option<Self> {
        let here: &[Self] = match section {
            Section::Event | Section::CustomData => &[Self::Consent, Self::Residence, Self::Collection],
            Section::UserData => &[Self::Consent],
            _ => return None,
        };
        here.iter().copied().find(|topic| topic.key().eq_ignore_ascii_case(key))
    }

    fn key(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Residence => "residence",
            Self::Collection => "collection",
        }
    }
}

/// Reads the value that follows such a key.
pub(super) fn read<'de, A: MapAccess<'de>>(
    state: &mut State<'de>,
    map: &mut A,
    topic: Topic,
    section: Section,
    depth: u8,
) -> Result<(), A::Error> {
    let place = match section {
        Section::Event => 0,
        Section::CustomData => 1,
        _ => 2,
    };
    let bit = 1 << (3 * topic as usize + place);
    if state.stated.came & bit != 0 {
        return Err(state.refuse(super::path_of(section), Rule::DuplicateKey));
    }
    state.stated.came |= bit;
    let shape = map.next_value_seed(StatementSeed { state, topic, place, depth: depth + 1 })?;
    if let Shape::Misfit = shape {
        state.stated.statement.take(topic, place, Signals::UNREADABLE, Told::Unreadable);
    }
    Ok(())
}

impl Statement {
    /// Adds what one object says.
    fn take(&mut self, topic: Topic, place: usize, signals: Signals, told: Told) {
        let places = match topic {
            Topic::Consent => {
                self.marketing = self.marketing.and(signals.marketing);
                self.health = self.health.and(signals.health);
                self.gpc = self.gpc.and(signals.gpc);
                return;
            }
            Topic::Residence => &mut self.residence,
            Topic::Collection => &mut self.collection,
        };
        if let Some(slot) = places.get_mut(place) {
            *slot = told;
        }
    }
}

struct StatementSeed<'s, 'a> {
    state: &'s mut State<'a>,
    topic: Topic,
    place: usize,
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for StatementSeed<'_, 'de> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Shape, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StatementSeed<'_, 'de> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Shape, A::Error> {
        self.state.check_depth(self.depth)?;
        match self.topic {
            Topic::Consent => read_consent(self.state, map, self.depth)?,
            Topic::Residence | Topic::Collection => {
                let told = read_place(self.state, map, self.topic, self.depth)?;
                self.state.stated.statement.take(self.topic, self.place, Signals::default(), told);
            }
        }
        Ok(Shape::Object)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Shape, A::Error> {
        let under = self.state.stray_key(&Cow::Borrowed(self.topic.key()));
        skip_elements(self.state, seq, self.depth, under)?;
        Ok(Shape::Misfit)
    }

    every_scalar_is!(Shape, Shape::Misfit);

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Shape, E> {
        let under = self.state.stray_key(&Cow::Borrowed(self.topic.key()));
        self.state.stray_text(under, text, self.topic.key())?;
        Ok(Shape::Misfit)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Shape, E> {
        let under = self.state.stray_key(&Cow::Borrowed(self.topic.key()));
        self.state.stray_copy(under, text, self.topic.key())?;
        Ok(Shape::Misfit)
    }
}

const CONSENT: &[&str] = &["marketing", "health", "gpc", "source", "time", "tcf", "gpp"];
const PLACE: &[&str] = &["country", "region"];

/// Reads the members of an object of which these are known, and gives each to `take`; the others are counted and skipped. Tells
/// whether there were others.
fn read_members<'de, A: MapAccess<'de>>(
    state: &mut State<'de>,
    mut map: A,
    topic: Topic,
    known: &[&'static str],
    depth: u8,
    mut take: impl FnMut(&mut State<'de>, &'static str, Value<'de>),
) -> Result<bool, A::Error> {
    let (mut came, mut others) = (0_u8, KeySet::default());
    while let Some(key) = map.next_key_seed(KeySeed)? {
        if let Some((at, name)) = known.iter().enumerate().find(|(_, name)| **name == key) {
            if came & (1 << at) != 0 {
                return Err(state.refuse(topic.key(), Rule::DuplicateKey));
            }
            came |= 1 << at;
            let value = map.next_value_seed(ScalarSeed { state, name, path: topic.key(), depth })?;
            take(state, name, value);
            continue;
        }
        state.check_length(&key, "unknown")?;
        let under = state.stray_key(&key);
        if !others.insert(key) {
            return Err(state.refuse(topic.key(), Rule::DuplicateKey));
        }
        state.skip_key()?;
        state.unknown_keys = state.unknown_keys.saturating_add(1);
        map.next_value_seed(SkipSeed { state, depth, under })?;
    }
    Ok(!others.is_empty())
}

fn read_consent<'de, A: MapAccess<'de>>(state: &mut State<'de>, map: A, depth: u8) -> Result<(), A::Error> {
    let (mut told, mut given) = (Signals::default(), Given::Unsaid);
    let (mut from_tcf, mut from_gpp) = (Signals::default(), Signals::default());
    let has_others = read_members(state, map, Topic::Consent, CONSENT, depth, |state, name, value| {
        let is_unread = match name {
            "marketing" => {
                told.marketing = word(&value);
                told.marketing == Said::Unreadable
            }
            "health" => {
                told.health = word(&value);
                told.health == Said::Unreadable
            }
            "gpc" => {
                told.gpc = gpc(&value);
                told.gpc == Said::Unreadable
            }
            "time" => {
                given = time(&value);
                given == Given::Unreadable
            }
            "tcf" => {
                let unreadable = Signals { health: Said::Nothing, ..Signals::UNREADABLE };
                from_tcf = framework(&value, tcf::read, unreadable);
                false
            }
            "gpp" => {
                from_gpp = framework(&value, gpp::read, Signals::UNREADABLE);
                false
            }
            // A free word, of which nothing depends.
            _ => true,
        };
        if is_unread {
            note(state, name, value);
        }
    })?;
    if has_others {
        told.marketing = told.marketing.and(Said::Unreadable);
    }
    let all = told.and(from_tcf).and(from_gpp);
    if let (Given::Unsaid, Some(secs)) = (given, all.written_secs) {
        given = Given::at(secs);
    }
    let statement = &mut state.stated.statement;
    statement.take(Topic::Consent, 0, all, Told::Nothing);
    statement.given = statement.given.and(given);
    Ok(())
}

fn read_place<'de, A: MapAccess<'de>>(state: &mut State<'de>, map: A, topic: Topic, depth: u8) -> Result<Told, A::Error> {
    let (mut country, mut region) = (Value::Null, Value::Null);
    read_members(state, map, topic, PLACE, depth, |_, name, value| {
        *(if name == "country" { &mut country } else { &mut region }) = value;
    })?;
    let told = place::told(country.text(), region.text());
    // A part that is not read leaves its country, and could be any text.
    let reads_all = matches!(told, Told::Region(place) if region.text().is_none() || !place.is_country());
    if !reads_all {
        note(state, "country", country);
        note(state, "region", region);
    }
    Ok(told)
}

/// What a framework's string says.
fn framework(value: &Value<'_>, read: fn(&str) -> Option<Signals>, unreadable: Signals) -> Signals {
    match value {
        Value::Null => Signals::default(),
        value => value.text().and_then(read).unwrap_or(unreadable),
    }
}

fn word(value: &Value<'_>) -> Said {
    match value {
        Value::Null => Said::Nothing,
        Value::Text(text) if text == "granted" => Said::Granted,
        Value::Text(text) if text == "denied" => Said::Denied,
        _ => Said::Unreadable,
    }
}

/// Global Privacy Control, also as the header writes it: 1 is on.
fn gpc(value: &Value<'_>) -> Said {
    match value {
        Value::Null => Said::Nothing,
        Value::Bool(true) | Value::Whole(1) => Said::Denied,
        Value::Bool(false) | Value::Whole(0) => Said::Granted,
        Value::Text(text) if text == "1" => Said::Denied,
        Value::Text(text) if text == "0" => Said::Granted,
        _ => Said::Unreadable,
    }
}

/// A time beyond the year 5000 is one in milliseconds.
const SURELY_MILLISECONDS: u64 = 100_000_000_000;

fn time(value: &Value<'_>) -> Given {
    match value {
        Value::Null => Given::Unsaid,
        value => {
            let secs = closed_form::whole(value).and_then(|secs| u64::try_from(secs).ok());
            secs.filter(|secs| *secs < SURELY_MILLISECONDS).map_or(Given::Unreadable, Given::at)
        }
    }
}

/// What could not be read may be any text: it is looked through like that of an unknown key.
fn note<'de>(state: &mut State<'de>, name: &'static str, value: Value<'de>) {
    let scalar = match value {
        Value::Text(text) => Scalar::Text(text),
        Value::Whole(number) => Scalar::Whole(number),
        _ => return,
    };
    let under = state.stray_key(&Cow::Borrowed(name));
    state.stray(under, || scalar);
}

#[cfg(test)]
mod tests;
