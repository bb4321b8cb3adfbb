//! What can go wrong: one row a fault.

use std::time::Duration;

use harness::{Chance, Mode};
use serde_json::{Value, json};

/// A fault that comes and goes.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What happens.
    pub(crate) what: &'static str,
    /// How it is made to happen.
    pub(crate) act: Act,
    /// Which events it may send to quarantine in place of Meta.
    pub(crate) sets_aside: SetsAside,
}

/// How a fault is made to happen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// The network between the gateway and Meta does this.
    Network(fn(&mut Chance) -> Mode),
    /// The same where the gateway wants TLS.
    Tls(Mode),
    /// Meta answers by this script.
    Meta(fn() -> Value),
    /// Meta is away, and the outbox takes little.
    FullOutbox,
    /// The gateway is killed, at any moment.
    Kill,
    /// The gateway is killed at one of the moments that matter most.
    Abort,
    /// The gateway is stopped.
    Stop,
    /// The gateway is told to read its configuration again and again, and of the files every other is wrong.
    Reload,
    /// Its disk does this at a commit, and is well again once it was started anew or a while later.
    Disk(&'static str),
}

/// What may be in quarantine at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetsAside {
    /// Nothing.
    Nothing,
    /// The poisonous events, each of them alone.
    Poison,
    /// So many events each time that it strikes, and no more.
    AtMost(u64),
}

/// Every 200th event of a caller is poison to a Meta that has the fault `poison`: by what it holds, as Meta judges.
pub(crate) fn is_poison(id: &str) -> bool {
    id.rsplit('-').next().and_then(|number| number.parse::<u64>().ok()).is_some_and(|number| number % 200 == 3)
}

/// What those events have as value; see [`harness::numbered_purchase`].
fn poisonous_values() -> Vec<f64> {
    (0..45_u32).map(|step| f64::from(step * 200 + 3) + 0.25).collect()
}

const fn of_network(name: &'static str, what: &'static str, mode: fn(&mut Chance) -> Mode) -> Fault {
    Fault { name, what, act: Act::Network(mode), sets_aside: SetsAside::Nothing }
}

const fn of_meta(name: &'static str, what: &'static str, script: fn() -> Value) -> Fault {
    Fault { name, what, act: Act::Meta(script), sets_aside: SetsAside::Nothing }
}

const fn of_gateway(name: &'static str, what: &'static str, act: Act) -> Fault {
    Fault { name, what, act, sets_aside: SetsAside::Nothing }
}

/// Every fault.
pub(crate) static ALL: &[Fault] = &[
    of_network("refuse", "Meta's port is closed", |_| Mode::Refuse),
    of_network("cut", "connections are closed as soon as they are made", |_| Mode::Cut),
    of_network("blackhole", "connections are taken, and nothing comes back", |_| Mode::Blackhole),
    of_network("half_close", "Meta gets the request and ends its side of the connection", |_| Mode::HalfClose),
    of_network("cut_answer", "the connection ends at any byte of the answer", |chance| {
        Mode::CutAnswer(usize::try_from(chance.below(900)).unwrap_or(0) + 1)
    }),
    of_network("late", "every packet takes up to a second", |chance| {
        Mode::Late(Duration::from_millis(50 + chance.below(950)))
    }),
    of_network("slow", "answers trickle in", |chance| Mode::Slow(200 + u32::try_from(chance.below(800)).unwrap_or(0))),
    of_network("babble", "somebody answers who speaks no HTTP", |_| Mode::Babble),
    of_gateway("tls_babble", "somebody answers the handshake who speaks no TLS", Act::Tls(Mode::Babble)),
    of_gateway("tls_cut", "the handshake is cut", Act::Tls(Mode::Cut)),
    of_meta(
        "reset_before",
        "Meta resets the connection before it reads",
        || json!([{ "reset": "before_reading", "times": null }]),
    ),
    of_meta(
        "reset_after",
        "Meta takes the events and resets the connection",
        || json!([{ "reset": "after_reading", "times": null }]),
    ),
    of_meta(
        "half_answer",
        "Meta takes the events, and half of its answer comes",
        || json!([{ "reset": "within_answer", "times": null }]),
    ),
    of_meta("hang", "Meta takes the events and never answers", || json!([{ "hang": true, "times": null }])),
    of_meta("error_500", "Meta fails", || json!([{ "status": 500, "code": 1, "is_transient": true, "times": null }])),
    of_meta(
        "busy_503",
        "Meta is busy and says for how long",
        || json!([{ "status": 503, "code": 2, "is_transient": true, "retry_after_secs": 1, "times": null }]),
    ),
    of_meta(
        "limit_429",
        "Meta limits the rate and says for how long",
        || json!([{ "status": 429, "code": 4, "is_transient": true, "retry_after_secs": 1, "times": null }]),
    ),
    of_meta(
        "usage",
        "Meta takes the events, and its headers say that the limit is near",
        || json!([{ "usage_percent": 76, "times": null }]),
    ),
    of_meta(
        "token",
        "the token is good no more, and then is again",
        || json!([{ "status": 401, "code": 190, "times": null }]),
    ),
    of_meta(
        "foreign",
        "a proxy answers in place of Meta",
        || json!([{ "status": 502, "body": "<html>Bad Gateway</html>", "times": null }]),
    ),
    of_meta(
        "too_large",
        "Meta takes no more than seven events at once",
        || json!([{ "status": 413, "more_than_events": 7, "times": null }]),
    ),
    of_meta("some", "of a hundred requests thirty fail, each in one of many ways", || {
        json!([
            { "reset": "before_reading", "percent": 5, "times": null },
            { "reset": "after_reading", "percent": 5, "times": null },
            { "reset": "within_answer", "percent": 5, "times": null },
            { "status": 500, "code": 1, "is_transient": true, "percent": 10, "times": null },
            { "status": 403, "body": "blocked", "percent": 10, "times": null },
        ])
    }),
    Fault {
        name: "poison",
        what: "Meta refuses every batch that holds one of a few events, for its content",
        act: Act::Meta(
            || json!([{ "status": 400, "code": 100, "subcode": 2_804_050, "values": poisonous_values(), "times": null }]),
        ),
        sets_aside: SetsAside::Poison,
    },
    Fault {
        name: "alike",
        what: "Meta refuses everything alike, as if for its content",
        act: Act::Meta(|| json!([{ "status": 400, "code": 100, "subcode": 2_804_050, "times": null }])),
        // Eight in a row, and as many again if an answer from before is under way.
        sets_aside: SetsAside::AtMost(16),
    },
    of_gateway("full", "Meta is away until the outbox is full", Act::FullOutbox),
    of_gateway("disk_full", "the disk is full for a while", Act::Disk("disk_full")),
    of_gateway("disk_error", "a sync fails, and the gateway is started anew", Act::Disk("io_error")),
    of_gateway("disk_stall", "a sync takes long", Act::Disk("sleep=700")),
    of_gateway("reload", "a storm of reloads, of which half are broken", Act::Reload),
    of_gateway("stop", "SIGTERM at any moment, and a new start", Act::Stop),
    of_gateway("kill", "kill -9 at any moment, and a new start", Act::Kill),
    of_gateway("abort", "death at a failpoint, and a new start", Act::Abort),
];

/// Where the process can be made to die, and how often at most it passes there first.
pub(crate) const FAILPOINTS: &[(&str, u64)] = &[
    ("before_commit", 30),
    ("after_fsync_before_reply", 20),
    ("before_send", 8),
    ("after_send_before_settle", 8),
    ("after_lease_before_reply", 8),
    ("after_settle_before_reply", 8),
    ("after_split_before_reply", 2),
    ("before_voiding_leases", 1),
    ("after_voiding_leases", 1),
    ("before_truncating_log", 1),
    ("after_truncating_log", 1),
];

/// The fault of this name.
pub(crate) fn named(name: &str) -> Result<&'static Fault, String> {
    ALL.iter().find(|fault| fault.name == name).ok_or_else(|| "no such fault; --list says which there are".to_owned())
}

impl Act {
    /// Whether it can come at any moment of any run: it needs no gateway of its own.
    pub(crate) fn mixes(self) -> bool {
        !matches!(self, Self::Tls(_) | Self::FullOutbox)
    }

    /// Whether the process of the gateway ends by it other than by a stop.
    pub(crate) fn kills(self) -> bool {
        matches!(self, Self::Kill | Self::Abort)
    }

    /// Whether it needs the failpoints of debug builds.
    pub(crate) fn needs_failpoints(self) -> bool {
        matches!(self, Self::Abort | Self::Disk(_))
    }
}
