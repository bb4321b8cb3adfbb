//! Entries of the quarantine as a command finds them, and what it does with them. An entry is never written anew, so it is enough to
//! ask whether it is still there.

use super::Redis;
use super::bodies::{MAX_BODY_BYTES, Opened};
use super::head::{Head, row_of_entry};
use super::look::{Cursor, Dataset, PAGE};
use super::quarantine::Aside;
use super::scripts::{CHANGE_ASIDE, LOOK_ASIDE};
use crate::outbox::OutboxError;
use crate::outbox::settlement::part_message;

/// What one look reads at most, but for an entry that is larger alone.
const PAGE_BYTES: usize = 1024 * 1024;

/// An entry as it was found.
#[derive(Debug)]
pub(super) struct Entry {
    id: String,
    /// The number in it.
    pub(super) number: i64,
    /// What is known of it; nothing if that cannot be read.
    pub(super) aside: Option<Aside>,
    body: Option<Vec<u8>>,
    message: Option<Vec<u8>>,
}

impl Entry {
    /// Its id in the stream.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Its events where they are no text of ours; nothing where they are sealed.
    pub(super) fn as_far_as_it_can_be_read(&self) -> String {
        let is_sealed = self.aside.as_ref().is_some_and(|aside| aside.key_id.is_some());
        let body = self.body.as_deref().filter(|_| !is_sealed).unwrap_or_default();
        String::from_utf8_lossy(body).into_owned()
    }
}

/// The events of an entry, and what Meta said about them.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) bodies: String,
    pub(super) message: Option<String>,
}

/// What is to be done with an entry.
#[derive(Debug)]
pub(super) enum AsideChange {
    /// It goes for good.
    Remove,
    /// This takes its place, under another number: what it is, its events, Meta's message or nothing.
    Replace(Box<Aside>, Vec<u8>, String),
    /// A group of it waits.
    Redrive(Box<Head>, Vec<u8>),
}

/// In which order entries are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    OldestFirst,
    NewestFirst,
}

type Row = (String, Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

impl Redis {
    /// The next entries up to that number; none if there are no more.
    pub(super) async fn entries(
        &self,
        dataset: &Dataset,
        cursor: &mut Cursor,
        through: i64,
    ) -> Result<Vec<Entry>, OutboxError> {
        let entries = self.look_aside(dataset, Order::OldestFirst, &cursor.next(), &through.to_string(), PAGE).await?;
        if let Some(last) = entries.last() {
            cursor.pass(&last.id);
        }
        Ok(entries)
    }

    /// Entries between two ids, in that order, as many as one look reads.
    pub(super) async fn look_aside(
        &self,
        dataset: &Dataset,
        order: Order,
        from: &str,
        to: &str,
        most: usize,
    ) -> Result<Vec<Entry>, OutboxError> {
        let word = match order {
            Order::OldestFirst => "up",
            Order::NewestFirst => "down",
        };
        let call = dataset.keys.call().with(word).with(from).with(to).with(most).with(PAGE_BYTES);
        let call = call.with(MAX_BODY_BYTES);
        let rows: Vec<Row> = self.core.link.call(&LOOK_ASIDE, &call).await?;
        let read = |(id, head, body, message): Row| Entry {
            number: row_of_entry(&id).unwrap_or(0),
            aside: head.and_then(|text| Aside::read(std::str::from_utf8(&text).ok()?)),
            id,
            body,
            message,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The events of an entry and Meta's message.
    pub(super) fn read_aside(&self, dataset: &Dataset, entry: &Entry) -> Result<Read, Opened> {
        let (Some(aside), Some(body)) = (&entry.aside, &entry.body) else { return Err(Opened::Broken) };
        let text = match self.core.open_aside(aside, &dataset.id, body.clone()) {
            Opened::Text(text) => text,
            other => return Err(other),
        };
        if aside.key_id.is_none() {
            let message = entry.message.as_deref().map(|message| String::from_utf8_lossy(message).into_owned());
            return Ok(Read { bodies: text, message });
        }
        let (bodies, message) = part_message(&text, &aside.reason);
        Ok(Read { bodies: bodies.to_owned(), message: message.map(str::to_owned) })
    }

    /// The same in another form: with these events, under the key of today.
    pub(super) fn in_another_form(
        &self,
        dataset: &Dataset,
        aside: &Aside,
        (events, bodies): (usize, &str),
        message: Option<&str>,
    ) -> Result<AsideChange, OutboxError> {
        let mut aside = Aside { events, bytes: bodies.len(), ..aside.clone() };
        let (body, message) = self.core.seal_aside(&mut aside, &dataset.id, bodies, message)?;
        Ok(AsideChange::Replace(Box::new(aside), body, message))
    }

    /// Changes entries. Of each whether it was still there, and is changed.
    pub(super) async fn change_aside(
        &self,
        dataset: &Dataset,
        changes: &[(Entry, AsideChange)],
    ) -> Result<Vec<bool>, OutboxError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = dataset.keys.call_once(&self.core.token());
        for (entry, change) in changes {
            call.push(&entry.id);
            match change {
                AsideChange::Remove => ["remove", "", "", ""].iter().for_each(|word| call.push(word)),
                AsideChange::Replace(aside, body, message) => {
                    call.push("replace");
                    call.push(aside.text());
                    call.push(body);
                    call.push(message);
                }
                AsideChange::Redrive(head, body) => {
                    call.push("redrive");
                    call.push(head.text());
                    call.push(body);
                    call.push("");
                }
            }
        }
        let done: String = self.core.link.insist(&CHANGE_ASIDE, &call, self.core.patience).await?;
        Ok(done.bytes().map(|digit| digit == b'1').collect())
    }
}
