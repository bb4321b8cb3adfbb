//! One span: a name, a time, and what may be said of it. It ends when it is dropped.
//!
//! What can stand in it is closed by types: no text can be put in that is not a literal of this program or an id of its configuration.
//! A span that is not kept is nothing, and costs a look whether it is.

use std::sync::Arc;

use tokio::time::Instant;

use super::context::Context;
use super::tracer::Recorder;

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A request, from its head to its answer.
    Request,
    /// The filter over the events of a request.
    Sanitize,
    /// The survivors handed to the outbox, until they are durable.
    Append,
    /// Groups that were leased together, until all of their events are settled.
    Batch,
    /// One request to Meta.
    Deliver,
}

impl Name {
    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Sanitize => "sanitize",
            Self::Append => "append",
            Self::Batch => "batch",
            Self::Deliver => "deliver",
        }
    }
}

/// What can be said of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The form of the endpoint.
    Route,
    /// Who sent.
    Site,
    /// To whom it goes.
    Dataset,
    /// How many events.
    Events,
    /// How many bytes they have.
    Bytes,
    /// How many of them may leave.
    Forwarded,
    /// How many had come before.
    Duplicates,
    /// How many groups.
    Groups,
    /// What came of it.
    Outcome,
    /// The HTTP status that was answered.
    Status,
}

impl Key {
    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Route => "portcullis.route",
            Self::Site => "portcullis.site",
            Self::Dataset => "portcullis.dataset",
            Self::Events => "portcullis.events",
            Self::Bytes => "portcullis.bytes",
            Self::Forwarded => "portcullis.forwarded",
            Self::Duplicates => "portcullis.duplicates",
            Self::Groups => "portcullis.groups",
            Self::Outcome => "portcullis.outcome",
            Self::Status => "http.response.status_code",
        }
    }
}

/// What a key can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A number.
    Number(u64),
    /// A literal of this program.
    Word(&'static str),
    /// The id of a site or dataset in the configuration.
    Id(Arc<str>),
}

/// A span that ended.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: Name,
    pub(super) context: Context,
    pub(super) parent: Option<[u8; 8]>,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) values: Vec<(Key, Value)>,
    pub(super) links: Vec<Context>,
    pub(super) more_links: usize,
    pub(super) has_failed: bool,
}

/// The time of day at one moment, from which the times of all spans of a request or batch are counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    started: Instant,
    unix_ns: u64,
}

impl Watch {
    /// Starts at this time of day.
    pub(super) fn start(unix_ms: u64) -> Self {
        Self { started: Instant::now(), unix_ns: unix_ms.saturating_mul(1_000_000) }
    }

    /// When it was started.
    pub(super) fn start_ns(self) -> u64 {
        self.unix_ns
    }

    fn now_ns(self) -> u64 {
        self.unix_ns.saturating_add(u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

/// A span that has not ended, or nothing if it is not kept.
#[derive(Debug, Default)]
pub struct Span(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    record: Option<Record>,
    context: Context,
    watch: Watch,
    recorder: Arc<Recorder>,
}

impl Span {
    /// None.
    pub fn none() -> Self {
        Self(None)
    }

    pub(super) fn root(name: Name, at: Place, recorder: Arc<Recorder>) -> Self {
        let Place { context, parent, watch } = at;
        let start_ns = watch.start_ns();
        Self(Some(Box::new(Open::new(Record::new(name, context, parent, start_ns), watch, recorder))))
    }

    /// A part of this one, from now on.
    #[must_use]
    pub fn child(&self, name: Name) -> Self {
        let Some(open) = &self.0 else { return Self(None) };
        let context = Context { span: open.recorder.fresh_id(), ..open.context };
        let record = Record::new(name, context, Some(open.context.span), open.watch.now_ns());
        Self(Some(Box::new(Open::new(record, open.watch, Arc::clone(&open.recorder)))))
    }

    /// Says how many.
    pub fn count(&mut self, key: Key, number: usize) {
        self.say(key, || Value::Number(number as u64));
    }

    /// Says one of our words.
    pub fn word(&mut self, key: Key, word: &'static str) {
        self.say(key, || Value::Word(word));
    }

    /// Says of which site or dataset of the configuration.
    pub fn id(&mut self, key: Key, id: &Arc<str>) {
        self.say(key, || Value::Id(Arc::clone(id)));
    }

    /// Says that it did not do what it was for.
    pub fn fail(&mut self) {
        if let Some(record) = self.record() {
            record.has_failed = true;
        }
    }

    /// Remembers that it stored this event, so that the batch that takes it up can be linked to it.
    pub fn stored(&self, event: &str) {
        if let Some(open) = &self.0 {
            open.recorder.remember(event, open.context);
        }
    }

    pub(super) fn link(&mut self, links: Vec<Context>, more: usize) {
        if let Some(record) = self.record() {
            (record.links, record.more_links) = (links, more);
        }
    }

    fn say(&mut self, key: Key, value: impl FnOnce() -> Value) {
        if let Some(record) = self.record() {
            record.values.push((key, value()));
        }
    }

    fn record(&mut self) -> Option<&mut Record> {
        self.0.as_mut()?.record.as_mut()
    }
}

/// Where a span stands that is no part of another one of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) context: Context,
    pub(super) parent: Option<[u8; 8]>,
    pub(super) watch: Watch,
}

impl Open {
    fn new(record: Record, watch: Watch, recorder: Arc<Recorder>) -> Self {
        Self { context: record.context, record: Some(record), watch, recorder }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            record.end_ns = self.watch.now_ns();
            self.recorder.end(record);
        }
    }
}

impl Record {
    fn new(name: Name, context: Context, parent: Option<[u8; 8]>, start_ns: u64) -> Self {
        let (values, links) = (Vec::with_capacity(6), Vec::new());
        Self { name, context, parent, start_ns, end_ns: start_ns, values, links, more_links: 0, has_failed: false }
    }
}
