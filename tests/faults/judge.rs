//! What became of the events of a run, and whether that is what was promised.

use std::time::Duration;

use harness::{Oracle, Verdict, eventually, holds, numbered_purchase};
use portcullis::outbox::{Inspection, inspect};
use serde_json::Value;

use crate::fault::{SetsAside, is_poison};
use crate::stage::Stage;

/// How long the rest may take to arrive once nothing goes wrong any more.
const REST: Duration = Duration::from_secs(180);

/// The event that shows that everything works again.
const FRESH: &str = "fresh-1";

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// Ids that were posted.
    pub(crate) issued: usize,
    /// Those of them that were answered 2xx.
    pub(crate) owed: usize,
    /// Ids that arrived at Meta.
    pub(crate) arrived: usize,
    /// How often one arrived again.
    pub(crate) repeats: u64,
    /// Events in quarantine.
    pub(crate) quarantined: u64,
    /// Requests that were answered 503.
    pub(crate) turned_away: u64,
    /// Requests that Meta had.
    pub(crate) requests: u64,
    pub(crate) kills: u64,
}

/// What a fault may have done to events for good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    pub(crate) sets_aside: SetsAside,
    /// How often it struck.
    pub(crate) strikes: u64,
    /// Whether processes died: an event in hand at several deaths in a row is set aside (`aborts_process`).
    pub(crate) deaths: bool,
    /// Whether Meta remembers every event, and not only its id.
    pub(crate) whole_events: bool,
}

/// Waits until everything has come to rest, and judges it. Panics with what is wrong.
pub(crate) async fn judge(stage: Stage, oracle: Oracle, turned_away: u64, allowed: Allowed) -> Figures {
    drained(&stage).await;
    still_works(&stage).await;
    let inspection = inspect(&stage.gateway.data().join("outbox.db"), None).expect("the outbox can be read");
    explained(&compare(&stage, &oracle, allowed).await, &inspection, allowed);
    if inspection.quarantined_events > 0 {
        let redriven = stage.gateway.command(&["outbox", "redrive"]).await;
        assert_eq!(redriven.code, Some(0), "{}{}", redriven.stdout, redriven.stderr);
        drained(&stage).await;
    }
    let verdict = compare(&stage, &oracle, allowed).await;
    assert!(verdict.missing.is_empty(), "{} events are LOST: {:?}", verdict.missing.len(), sample(&verdict));

    let arrivals = stage.meta.arrivals().await;
    let figures = Figures {
        issued: oracle.issued(),
        owed: oracle.owed(),
        arrived: arrivals.len(),
        repeats: arrivals.values().map(|arrival| arrival.times - 1).sum(),
        quarantined: inspection.quarantined_events,
        turned_away,
        requests: stage.meta.requests().await,
        kills: stage.kills,
    };
    // Accounts, canaries, the log, and a stop.
    stage.gateway.finish().await;
    stage.meta.finish().await;
    figures
}

async fn drained(stage: &Stage) {
    holds("the outbox drains", REST, async || match stage.gateway.metrics().await.pending() {
        0 => Ok(()),
        pending => Err(format!("{pending} events are pending")),
    })
    .await;
}

/// What arrived against what was promised, but for the event of [`still_works`].
async fn compare(stage: &Stage, oracle: &Oracle, allowed: Allowed) -> Verdict {
    let is_fresh = |id: &str| id == FRESH;
    if !allowed.whole_events {
        return oracle.judge(stage.meta.ids().await.keys().map(String::as_str).filter(|id| !is_fresh(id)));
    }
    let events: Vec<Value> = stage.meta.events().await.into_iter().map(|sent| sent.event).collect();
    oracle.judge_events(events.iter().filter(|event| !event["event_id"].as_str().is_some_and(is_fresh)))
}

/// One more event passes, as if nothing had been.
async fn still_works(stage: &Stage) {
    let answer = stage.gateway.client().post(&[numbered_purchase("fresh", 1)]).await.expect("the gateway answers");
    assert_eq!(answer.status, 200, "{}", answer.text());
    eventually("a fresh event arrives", Duration::from_secs(60), async || {
        stage.meta.ids().await.contains_key(FRESH).then_some(())
    })
    .await;
}

/// What is missing must be in quarantine, and there for a reason that the fault gave. Once it was sent again nothing may miss.
fn explained(verdict: &Verdict, inspection: &Inspection, allowed: Allowed) {
    let sum = |is_it: &dyn Fn(&str) -> bool| {
        inspection.quarantine.iter().filter(|line| is_it(&line.reason)).map(|line| line.events).sum::<u64>()
    };
    let (aborts, unexplained) = (sum(&|reason| reason == "aborts_process"), sum(&|reason| reason == "unreadable"));
    // Of a large quarantine not every line is shown.
    let refused = inspection.quarantined_events.saturating_sub(aborts + unexplained);
    let count = |list: usize| u64::try_from(list).unwrap_or(u64::MAX);
    assert!(
        verdict.foreign.is_empty(),
        "{} events arrived that were never issued: {:?}",
        verdict.foreign.len(),
        sample(verdict)
    );
    assert!(verdict.altered.is_empty(), "{} events arrived that are not what their ids say", verdict.altered.len());
    assert_eq!(unexplained, 0, "events in quarantine cannot be read, which no fault explains");
    assert!(allowed.deaths || aborts == 0, "{aborts} events were set aside as if they had ended the process");
    match allowed.sets_aside {
        SetsAside::Nothing => assert_eq!(refused, 0, "{refused} events were refused for their content"),
        SetsAside::AtMost(each) => {
            let bound = each * allowed.strikes;
            assert!(refused <= bound, "{refused} events were set aside, and at most {bound} may be");
        }
        SetsAside::Poison => {
            let innocent = verdict.missing.iter().filter(|id| !is_poison(id)).count();
            assert!(count(innocent) <= aborts, "{innocent} events were set aside for what others hold");
        }
    }
    let missing = count(verdict.missing.len());
    assert!(
        missing <= refused + aborts,
        "{missing} events are LOST but for {} in quarantine: {:?}",
        refused + aborts,
        sample(verdict)
    );
}

/// A few ids to begin the search with.
fn sample(verdict: &Verdict) -> Vec<&String> {
    verdict.missing.iter().chain(&verdict.foreign).take(5).collect()
}
