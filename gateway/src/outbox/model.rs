//! The embedded outbox does what the one in memory does, whatever the order of actions and crashes.

use std::sync::Arc;

use portcullis_filters::policy::PolicyDigest;
use portcullis_filters::report::WithdrawReason;
use proptest::prelude::*;

use super::bench::Bench;
use super::condemned::Condemned;
use super::crash::{Verdict, halves, judge};
use super::memory::aside::Aside;
use super::memory::{Group, Memory};
use super::tally::{Amount, Shelf};
use super::{
    AnyOutbox, Append, EventFilter, Lease, LeaseRequest, PurgeSelector, QuarantineReason, RedriveSelector, Settlement,
    samples,
};
use crate::chance::Chance;

impl Memory {
    /// What a crash and a new start do to the groups in hand, said plainly.
    pub(crate) fn crash(&self) {
        let state = &mut *self.state();
        state.crashed = true;
        state.now_ms = 0;
        let datasets: Vec<_> = state.datasets.keys().cloned().collect();
        for groups in state.datasets.values_mut().flatten() {
            if groups.1.condemned != Condemned::Nothing {
                // Nobody has it in hand any more, and its death is not counted.
                groups.1.due_ms = 0;
            }
        }
        for dataset in datasets {
            state.sweep(&dataset);
        }
        let everything = std::mem::take(&mut state.datasets);
        let in_hand = everything.values().flat_map(|groups| groups.values()).filter(|group| group.serial != 0).count();
        let mut all: Vec<_> = everything.into_values().flatten().collect();
        all.sort_by_key(|((_, row), _)| *row);
        for ((received_ms, row), group) in all {
            let mut put = |row: i64, bodies: &str, crashes: u32| {
                let events = bodies.split('\n').count();
                let mut kept = group.clone();
                (kept.bodies, kept.events, kept.crashes) = (bodies.to_owned(), events, crashes);
                (kept.due_ms, kept.serial) = (0, 0);
                state.tally.note(Shelf::Pending, kept.owner.clone(), amount(&kept));
                state.datasets.entry(Arc::clone(&kept.owner.dataset)).or_default().insert((received_ms, row), kept);
            };
            if group.serial == 0 {
                state.datasets.entry(Arc::clone(&group.owner.dataset)).or_default().insert((received_ms, row), group);
                continue;
            }
            match judge(group.crashes, group.events, in_hand == 1) {
                Verdict::Back => put(row, &group.bodies, group.crashes + 1),
                Verdict::Aside => {
                    state.tally.note(Shelf::Quarantine, group.owner.clone(), amount(&group));
                    let reason = QuarantineReason::AbortsProcess.as_str();
                    state.quarantine.push(Aside { group: group.clone().fresh(), received_ms, reason });
                }
                Verdict::Split => {
                    let [head, tail] = halves(&group.bodies, group.events).unwrap();
                    put(row, head.bodies, group.crashes + 1);
                    state.last_row += 1;
                    put(state.last_row, tail.bodies, group.crashes + 1);
                }
            }
            state.tally.note(Shelf::Pending, group.owner.clone(), amount(&group).negated());
        }
        state.tally.commit();
    }
}

fn amount(group: &Group) -> Amount {
    Amount::row(i64::try_from(group.events).unwrap(), i64::try_from(group.bodies.len()).unwrap())
}

#[derive(Debug, Clone)]
enum Action {
    Append { site: u8, dataset: u8, events: u8 },
    Lease { dataset: u8, max_events: u8, lasts_ms: u64 },
    Settle { lease: usize, outcomes: Vec<u8>, retry_in_ms: u64 },
    Release { lease: usize },
    Drop { lease: usize },
    Advance { by_ms: u64 },
    Purge { site: u8, dataset: u8, how: u8, event: u8 },
    Redrive { dataset: Option<u8> },
    Crash,
    Writeback { dataset: u8, events: u8, seed: u64 },
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        4 => (0..2u8, 0..2u8, 1..6u8).prop_map(|(site, dataset, events)| Action::Append { site, dataset, events }),
        4 => (0..2u8, 1..9u8, 1..50u64)
            .prop_map(|(dataset, max_events, lasts_ms)| Action::Lease { dataset, max_events, lasts_ms }),
        3 => (any::<usize>(), proptest::collection::vec(0..6u8, 1..6), 0..60u64)
            .prop_map(|(lease, outcomes, retry_in_ms)| Action::Settle { lease, outcomes, retry_in_ms }),
        1 => any::<usize>().prop_map(|lease| Action::Release { lease }),
        1 => any::<usize>().prop_map(|lease| Action::Drop { lease }),
        2 => (1..40u64).prop_map(|by_ms| Action::Advance { by_ms }),
        1 => (0..2u8, 0..2u8, 0..9u8, 0..20u8)
            .prop_map(|(site, dataset, how, event)| Action::Purge { site, dataset, how, event }),
        1 => proptest::option::of(0..2u8).prop_map(|dataset| Action::Redrive { dataset }),
        2 => Just(Action::Crash),
        2 => (0..2u8, 1..6u8, any::<u64>())
            .prop_map(|(dataset, events, seed)| Action::Writeback { dataset, events, seed }),
    ];
    proptest::collection::vec(action, 1..60)
}

fn settlement(outcome: u8, not_before_ms: u64) -> Settlement {
    match outcome {
        0 => Settlement::Delivered,
        1 => Settlement::Retry { not_before_ms, attempted: true },
        2 => Settlement::Retry { not_before_ms, attempted: false },
        3 => Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 1, message: None }),
        4 => Settlement::Expired,
        _ => Settlement::Withdrawn(WithdrawReason::GuardFailed),
    }
}

/// One of the ways to purge.
fn selector(site: u8, dataset: u8, how: u8, event: u8, now_ms: u64) -> PurgeSelector {
    let (site, dataset, all) = (format!("site{site}"), dataset.to_string(), EventFilter::default());
    match how {
        0 => PurgeSelector::Matching(EventFilter { dataset: Some(dataset), ..all }),
        1 => PurgeSelector::Matching(EventFilter { site: Some(site), dataset: Some(dataset), ..all }),
        2 => PurgeSelector::Matching(EventFilter { before_ms: Some(now_ms.saturating_sub(20)), ..all }),
        7 | 8 => PurgeSelector::Suppressed(samples::Persons::of(&[&event.to_string()])),
        3 | 4 => PurgeSelector::Matching(EventFilter { event_id: Some(format!("e{event}")), ..all }),
        _ => {
            let keep = if how == 5 { samples::RETAIL.digest() } else { PolicyDigest::from_bytes([0; 32]) };
            PurgeSelector::OtherPolicies { site: site.into(), dataset: dataset.into(), keep }
        }
    }
}

/// What a dispatcher sees of a lease.
fn seen(lease: &Lease) -> (Vec<String>, String, u32, u64, i64) {
    (samples::ids(lease), lease.site.to_string(), lease.attempts, lease.received_ms, lease.id.row)
}

/// Power fails while events are written: what was not synced may be on the disk in part. Nobody was answered, so all of it may be
/// there or nothing of it; the comparison after each action finds anything between.
async fn power_cut(benches: &mut [Bench; 2], append: impl Fn() -> Append, chance: &Chance) {
    let [model, real] = benches;
    let unanswered = async |outbox: &AnyOutbox| drop(outbox.append(append()).await);
    if real.power_cut(unanswered, &mut || chance.below(u64::MAX)).await {
        assert!(model.outbox.append(append()).await.is_ok(), "what does not fit was kept");
    }
    model.crash().await;
}

async fn run(actions: Vec<Action>) {
    const CAP: u64 = 40_000;
    let mut benches = [Bench::memory(CAP), Bench::embedded(CAP)];
    let mut held: Vec<[Lease; 2]> = Vec::new();
    let mut now_ms = 1_000;
    let mut made = 0;
    for action in actions {
        match action {
            Action::Append { site, dataset, events } => {
                let names: Vec<String> = (0..events).map(|number| format!("e{}", made + u32::from(number))).collect();
                made += u32::from(events);
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let mut results = Vec::new();
                for bench in &benches {
                    let append = samples::append(&format!("site{site}"), &dataset.to_string(), &names, now_ms);
                    results
                        .push(bench.outbox.append(append).await.map(|receipt| receipt.events()).map_err(|e| e.to_string()));
                }
                assert_eq!(results[0], results[1]);
            }
            Action::Lease { dataset, max_events, lasts_ms } => {
                let request = LeaseRequest {
                    dataset: dataset.to_string().into(),
                    max_events: max_events.into(),
                    max_bytes: 2_000,
                    now_ms,
                    until_ms: now_ms + lasts_ms,
                };
                let [model, real] = [&benches[0], &benches[1]];
                let model = model.outbox.lease(request.clone()).await.unwrap();
                let real = real.outbox.lease(request).await.unwrap();
                assert_eq!(model.purged, real.purged);
                let (model, real) = (model.leases, real.leases);
                assert_eq!(model.iter().map(seen).collect::<Vec<_>>(), real.iter().map(seen).collect::<Vec<_>>());
                held.extend(model.into_iter().zip(real).map(|(model, real)| [model, real]));
            }
            Action::Settle { lease, outcomes, retry_in_ms } if !held.is_empty() => {
                let leases = held.swap_remove(lease % held.len());
                let settlements: Vec<Settlement> = leases[0]
                    .events()
                    .zip(outcomes.iter().cycle())
                    .map(|(_, outcome)| settlement(*outcome, now_ms + retry_in_ms))
                    .collect();
                let [model, real] = leases;
                assert_eq!(
                    benches[0].outbox.settle(model, settlements.clone()).await.unwrap(),
                    benches[1].outbox.settle(real, settlements).await.unwrap()
                );
            }
            Action::Release { lease } if !held.is_empty() => {
                let [model, real] = held.swap_remove(lease % held.len());
                benches[0].outbox.release(model).await.unwrap();
                benches[1].outbox.release(real).await.unwrap();
            }
            Action::Drop { lease } if !held.is_empty() => drop(held.swap_remove(lease % held.len())),
            Action::Settle { .. } | Action::Release { .. } | Action::Drop { .. } => {}
            Action::Advance { by_ms } => now_ms += by_ms,
            Action::Purge { site, dataset, how, event } => {
                let selector = selector(site, dataset, how, event, now_ms);
                let would = benches[1].outbox.would_purge(selector.clone()).await.unwrap();
                let model = benches[0].outbox.purge(selector.clone()).await.unwrap();
                assert_eq!(model, benches[1].outbox.purge(selector).await.unwrap());
                assert_eq!(model, would);
            }
            Action::Redrive { dataset } => {
                let selector = RedriveSelector { dataset: dataset.map(|id| id.to_string()), ..RedriveSelector::default() };
                let model = benches[0].outbox.redrive(selector.clone()).await.unwrap();
                assert_eq!(model, benches[1].outbox.redrive(selector).await.unwrap());
            }
            Action::Crash => {
                held.clear();
                for bench in &mut benches {
                    bench.crash().await;
                }
            }
            Action::Writeback { dataset, events, seed } => {
                held.clear();
                let names: Vec<String> = (0..events).map(|number| format!("e{}", made + u32::from(number))).collect();
                made += u32::from(events);
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let append = || samples::append("site0", &dataset.to_string(), &names, now_ms);
                power_cut(&mut benches, append, &Chance::seeded(seed)).await;
            }
        }
        let [model, real] = [&benches[0].outbox, &benches[1].outbox];
        for dataset in ["0", "1"] {
            assert_eq!(model.next_due_ms(dataset, now_ms).await.unwrap(), real.next_due_ms(dataset, now_ms).await.unwrap());
        }
        assert_eq!(model.depth().await.unwrap(), real.depth().await.unwrap());
        assert_eq!(model.pending_by_dataset().await.unwrap(), real.pending_by_dataset().await.unwrap());
    }
    assert!(benches[1].outbox.health().is_ok() || benches[0].outbox.health().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a1_the_file_behaves_like_the_model_through_crashes_and_power_cuts(actions in actions()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(actions));
    }
}
