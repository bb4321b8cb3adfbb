//! Begins spans: of a request once its site is known, and of a batch. Decides which are kept.
//!
//! By the id of the trace, so that all parts of one are kept or none: a share of them, as configured. Which, is by a key of this
//! process: whoever could choose an id that is kept could fill the collector. A caller can say that it does not keep its part; then
//! ours is not kept either. That it keeps it moves nothing. A batch is kept where an append is that it has events of, and else by
//! its own id.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use prometheus::IntCounter;
use tokio::sync::mpsc;

use super::context::{Context, Remote};
use super::origins::Origins;
use super::queue::Queue;
use super::span::{Key, Name, Place, Record, Span, Watch};
use crate::chance::Chance;
use crate::clock::Clock;

/// A batch names so many appends.
const MOST_LINKS: usize = 32;

/// Begins spans, or none where no collector is configured. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<Arc<Recorder>>);

/// What all spans share.
#[derive(Debug)]
pub(super) struct Recorder {
    queue: Queue,
    origins: Mutex<Origins>,
    kept_permille: u64,
    /// By which it is chosen what is kept; nobody outside knows it.
    choice: RandomState,
    clock: Clock,
    chance: Chance,
}

impl Tracer {
    /// Keeps nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// Keeps a share of all traces, and where its spans come out when they have ended.
    pub(super) fn new(
        kept_permille: u64,
        dropped: IntCounter,
        clock: Clock,
        chance: Chance,
    ) -> (Self, mpsc::Receiver<Record>) {
        let (queue, ended) = Queue::new(dropped);
        let (origins, choice) = (Mutex::default(), RandomState::new());
        let recorder = Recorder { queue, origins, kept_permille, choice, clock, chance };
        (Self(Some(Arc::new(recorder))), ended)
    }

    /// Notes when a request came and what it says of itself. A span is made of it for those whose key is known.
    pub fn arrival(&self, headers: &HeaderMap) -> Arrival {
        let noted = |recorder: &Arc<Recorder>| Noted {
            remote: Remote::of(headers),
            watch: Watch::start(recorder.clock.unix_ms()),
            recorder: Arc::clone(recorder),
        };
        Arrival(self.0.as_ref().map(noted))
    }

    /// Begins the span of groups that were leased, with links to the appends that stored their events.
    pub fn batch<'e>(&self, dataset: &Arc<str>, events: impl Iterator<Item = &'e str>) -> Span {
        let Some(recorder) = &self.0 else { return Span::none() };
        let mut links = recorder.origins.lock().unwrap_or_else(PoisonError::into_inner).of(events);
        let trace = recorder.chance.bytes();
        if links.is_empty() && !recorder.keeps(trace) {
            return Span::none();
        }
        let more = links.len().saturating_sub(MOST_LINKS);
        links.truncate(MOST_LINKS);
        let context = Context { trace, span: recorder.fresh_id() };
        let place = Place { context, parent: None, watch: Watch::start(recorder.clock.unix_ms()) };
        let mut span = Span::root(Name::Batch, place, Arc::clone(recorder));
        span.id(Key::Dataset, dataset);
        span.link(links, more);
        span
    }
}

/// A request that came.
#[derive(Debug)]
pub struct Arrival(Option<Noted>);

#[derive(Debug)]
struct Noted {
    remote: Option<Remote>,
    watch: Watch,
    recorder: Arc<Recorder>,
}

impl Arrival {
    /// Begins the span of a request whose site and dataset are known, at the time when it came.
    pub fn begin(self, route: &'static str, site: &Arc<str>, dataset: &Arc<str>) -> Span {
        let Some(Noted { remote, watch, recorder }) = self.0 else { return Span::none() };
        let trace = remote.map_or_else(|| recorder.chance.bytes(), |remote| remote.context.trace);
        if !recorder.keeps(trace) || remote.is_some_and(|remote| !remote.is_kept) {
            return Span::none();
        }
        let context = Context { trace, span: recorder.fresh_id() };
        let parent = remote.map(|remote| remote.context.span);
        let mut span = Span::root(Name::Request, Place { context, parent, watch }, recorder);
        span.word(Key::Route, route);
        span.id(Key::Site, site);
        span.id(Key::Dataset, dataset);
        span
    }
}

impl Recorder {
    /// Whether this trace belongs to the share that is kept.
    fn keeps(&self, trace: [u8; 16]) -> bool {
        self.choice.hash_one(trace) % 1000 < self.kept_permille
    }

    pub(super) fn fresh_id(&self) -> [u8; 8] {
        self.chance.bytes()
    }

    pub(super) fn remember(&self, event: &str, span: Context) {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner).remember(event, span);
    }

    pub(super) fn end(&self, record: Record) {
        self.queue.take(record);
    }
}
