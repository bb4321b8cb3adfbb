//! What comes and what the filter does, seen over days: a site that sends no more, a policy that drops more, one that finds less, a
//! field that was never there.

use harness::{Setup, Signal, numbered_purchase};
use serde_json::{Value, json};

use crate::timeline::{DAY, HOUR};
use crate::{EVENTS, GATEWAY, Watched};

impl Watched {
    async fn post_each(&mut self, event: impl Fn(u64) -> Value) {
        for number in 0..EVENTS {
            let answer = self.gateway.client().post(&[event(self.posted + number)]).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        self.posted += EVENTS;
        self.gateway.drained().await;
    }

    /// Puts the site under another policy, as somebody would who changes the file and reloads.
    async fn under(&mut self, policy: &str) {
        let setup = Setup::new(&self.meta).site(policy);
        self.gateway.configure(setup);
        self.gateway.process().signal(Signal::Hangup).await;
        self.reaches("portcullis_reloads_total", &[("result", "done")], 1).await;
        self.goes_on(1).await;
    }
}

#[tokio::test]
async fn a_site_whose_events_do_not_come_any_more() {
    let mut watched = Watched::start(|setup| setup).await;
    watched.ordinary(6 * DAY).await;
    watched.line.must_be_silent();
    watched.goes_on(2 * HOUR).await;
    watched.line.must_fire(&["PortcullisSiteSilent"], &[]);
    watched.finish().await;
}

#[tokio::test]
async fn a_policy_that_drops_what_the_one_before_let_leave() {
    let mut watched = Watched::start(|setup| setup).await;
    watched.under("retail-consent@1").await;
    watched.line.must_fire(&["PortcullisPolicyChanged"], &[]);
    // Nobody says that these persons consented.
    watched.ordinary(2 * HOUR).await;
    watched.line.must_fire(&["PortcullisDropRateJumped"], &["PortcullisRemovalRateFell"]);
    watched.finish().await;
}

#[tokio::test]
async fn a_policy_that_removes_far_less_than_the_one_before() {
    let mut watched = Watched::start(|setup| setup.site("pharmacy@1")).await;
    watched.under("retail@1").await;
    watched.ordinary(2 * HOUR).await;
    watched.line.must_fire(&["PortcullisRemovalRateFell"], &[]);
    watched.finish().await;
}

/// What the site sends speaks of health for two days, and then no more.
#[tokio::test]
async fn a_site_in_whose_events_the_detectors_of_health_find_nothing_any_more() {
    let mut watched = Watched::start(|setup| setup.site("pharmacy@1")).await;
    watched
        .post_each(|number| {
            let mut event = numbered_purchase("pharmacy", number);
            event["custom_data"]["content_name"] = json!("Sertraline 50 mg");
            event
        })
        .await;
    assert!(watched.gateway.metrics().await.sum("portcullis_health_signals_total", &[]) >= EVENTS, "signals are found");
    watched.goes_on(2 * DAY).await;
    watched.line.must_be_silent();
    watched.ordinary(2 * HOUR).await;
    watched.line.must_fire(&["PortcullisRemovalRateFell"], &[]);
    watched.finish().await;
}

#[tokio::test]
async fn a_field_that_the_site_never_sent() {
    let mut watched = Watched::start(|setup| setup).await;
    watched.ordinary(3 * DAY).await;
    // What a restart forgets is not new.
    watched.gateway.stop(Signal::Terminate).await;
    watched.gateway.restart().await;
    watched.line.restarted(GATEWAY);
    watched.last = watched.gateway.metrics().await;
    watched.ordinary(HOUR).await;
    watched.line.must_be_silent();
    watched
        .post_each(|number| {
            let mut event = numbered_purchase("born", number);
            event["user_data"]["db"] = json!(["19800101"]);
            event
        })
        .await;
    watched.goes_on(HOUR / 2).await;
    watched.line.must_fire(&["PortcullisFieldFirstSeen"], &[]);
    watched.ordinary(2 * HOUR).await;
    watched.line.must_be_silent();
    watched.finish().await;
}
