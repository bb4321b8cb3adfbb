//! Large batches: from one event a request to a thousand, and from half a KiB an event to fifty, in a closed loop beside the bare server.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::tell;
use crate::arguments::{Kind, Point};
use crate::request::Template;
use crate::run::{Bench, Run};

const EVENTS: [usize; 7] = [1, 3, 10, 30, 100, 300, 1000];
const BYTES: [usize; 7] = [512, 1024, 2048, 5 * 1024, 10 * 1024, 20 * 1024, 50 * 1024];
const EVENTS_OF_SIZES: usize = 10;

/// Cost as requests and events grow.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LargeBatches {
    /// Over events a request.
    pub(crate) batches: Vec<Sized>,
    /// Over bytes an event.
    pub(crate) sizes: Vec<Sized>,
}

/// A server under such load.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sized {
    pub(crate) server: Kind,
    #[serde(flatten)]
    pub(crate) point: Point,
    pub(crate) event_bytes: usize,
    pub(crate) run: Run,
}

impl Bench {
    pub(super) async fn large_batches(&self) -> LargeBatches {
        let usual = Template::new();
        let batch = |events| (Point { events, connections: self.connections }, Rc::clone(&usual));
        // Together these stay below what a gateway takes at once, so that none is turned away.
        let few = Point { events: EVENTS_OF_SIZES, connections: self.connections.div_ceil(4) };
        let size = |bytes| (few, Template::of_bytes(bytes));
        LargeBatches { batches: self.sweep(&EVENTS.map(batch)).await, sizes: self.sweep(&BYTES.map(size)).await }
    }

    /// Each of these in turn at one bare server and at one gateway.
    async fn sweep(&self, loads: &[(Point, Rc<Template>)]) -> Vec<Sized> {
        let mut all = Vec::new();
        for kind in [Kind::Bare, Kind::Embedded] {
            let (mut server, mut events) = (self.start(kind).await, 0);
            for (point, template) in loads {
                let run = self.measure(&mut server, &mut events, *point, template).await;
                let event_bytes = template.event_bytes();
                tell(&format!(
                    "{point:>9} events of {event_bytes:>5} bytes {kind:<9} {:>7.2} us CPU/event {:>8.0} events/s p99 {:.2} ms {:.0} MiB  \
                     503 {}  others {:.0} %",
                    run.cpu_us_per_event,
                    run.events_per_second,
                    run.p99_ms,
                    run.peak_rss_mib,
                    run.turned_away,
                    run.others_percent
                ));
                all.push(Sized { server: kind, point: *point, event_bytes, run });
            }
            server.finish().await;
        }
        all
    }
}
