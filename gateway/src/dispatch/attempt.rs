//! One request and what it means: for the gate, the pace and the count of refusals. What becomes of the events is for `send`.

use std::sync::Arc;
use std::time::Duration;

use super::Sink;
use super::batch::{Batch, Parcel};
use super::classify::{Delivery, Verdict, classify};
use super::gate::Cause;
use super::lane::Lane;
use super::refusals::Kind;
use super::remark::Remark;
use super::worker::Round;
use crate::telemetry::traces::{Key, Name, Span};

/// How long events wait that made no batch, which would be a defect of ours: it must not become a loop.
const DEFECT_PAUSE_MS: u64 = 60_000;

/// What came of a parcel.
pub(crate) enum Attempt {
    /// Meta has it.
    Delivered(Parcel),
    /// Meta will not take it as it is.
    Refused {
        /// The parcel.
        parcel: Parcel,
        /// What was said.
        kind: Kind,
        /// What was said to a person.
        message: Option<Arc<str>>,
    },
    /// It must be made smaller.
    TooLarge(Parcel),
    /// It can be tried again: the gate is closed, or the stop cut it off.
    Held {
        /// The parcel.
        parcel: Parcel,
        /// Not before this time in milliseconds since 1970.
        not_before_ms: u64,
        /// Whether its bytes went to the socket.
        attempted: bool,
    },
    /// It made no batch.
    Defect {
        /// Not before this time in milliseconds since 1970.
        not_before_ms: u64,
    },
}

impl<S: Sink> Lane<S> {
    /// Sends a parcel.
    pub(crate) async fn attempt(&self, parcel: Parcel, round: &Round<S>) -> Attempt {
        let started_ms = self.clock.unix_ms();
        let batch = match Batch::new(self.dataset.clone(), parcel, round.settings.tuning.limits, started_ms / 1000) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(dataset = &*self.dataset, %error, "events made no batch: a defect");
                return Attempt::Defect { not_before_ms: started_ms.saturating_add(DEFECT_PAUSE_MS) };
            }
        };
        self.pace.sent(started_ms);
        let mut span = self.begin_delivery(&batch, round);
        let Some((delivery, attempted)) = self.deliver(&batch, round).await else {
            span.fail();
            let parcel = batch.into_parcel();
            return Attempt::Held { parcel, not_before_ms: self.clock.unix_ms(), attempted: true };
        };
        let now_ms = self.clock.unix_ms();
        let usage = delivery.usage();
        if let Some(usage) = usage {
            self.pace.note(usage.percent, now_ms);
        }
        let verdict = classify(&delivery);
        self.note(&batch, verdict, now_ms.saturating_sub(started_ms));
        end_delivery(span, &delivery, verdict);
        let parcel = batch.into_parcel();
        match verdict {
            Verdict::Delivered => {
                self.tell_opened(self.gate.passed(round.ticket));
                self.refusals.taken();
                self.portion.taken();
                // Meta took these and says that it takes no more for a while.
                if let Some(regain) = usage.and_then(|usage| usage.regain) {
                    let (cause, verdict) =
                        (Cause::RateLimited, Verdict::Retry { cause: Cause::RateLimited, after: Some(regain) });
                    let until_ms = self.gate.failed(round.ticket, cause, Some(regain), now_ms);
                    self.tell_closed(&delivery, verdict, cause, until_ms.saturating_sub(now_ms));
                }
                Attempt::Delivered(parcel)
            }
            Verdict::RefusedContent { code, subcode } => {
                self.judged_by_content(round);
                let message = delivery.into_remark().map(Remark::into_text);
                Attempt::Refused { parcel, kind: Kind { code, subcode }, message }
            }
            Verdict::TooLarge => {
                self.judged_by_content(round);
                Attempt::TooLarge(parcel)
            }
            Verdict::Retry { cause, after } => {
                let until_ms = self.gate.failed(round.ticket, cause, after, now_ms);
                self.tell_closed(&delivery, verdict, cause, until_ms.saturating_sub(now_ms));
                // Where others share the outbox the gate alone holds it, which is ours: they may reach Meta though we do not.
                let not_before_ms = if self.outbox.in_redis().is_some() { now_ms } else { until_ms };
                Attempt::Held { parcel, not_before_ms, attempted }
            }
            Verdict::HoldGate { cause, after } => {
                let until_ms = self.gate.failed(round.ticket, cause, after, now_ms);
                self.tell_closed(&delivery, verdict, cause, until_ms.saturating_sub(now_ms));
                // The gate holds it. Whoever mends the cause, by a restart too, need not wait.
                Attempt::Held { parcel, not_before_ms: now_ms, attempted }
            }
        }
    }

    /// Meta judged a batch by what is in it, so the way is free; unless that is just what the gate is closed for.
    fn judged_by_content(&self, round: &Round<S>) {
        if !round.is_alone {
            self.tell_opened(self.gate.passed(round.ticket));
        }
    }

    /// Delivers, with one retry in hand for a connection that broke: a pooled one may have been closing just then. Says also
    /// whether bytes may have been sent. `None` if the stop cut it off.
    async fn deliver(&self, batch: &Batch, round: &Round<S>) -> Option<(Delivery, bool)> {
        let generation = self.suppressions.generation();
        let first = self.request(batch, round).await?;
        let attempted = first.attempted();
        // Who was suppressed meanwhile may be in it, so it is looked through first.
        let may_repeat = generation == self.suppressions.generation() && !self.stop.is_cancelled();
        if !first.connection_fault() || !may_repeat || !self.covers_a_request(round) {
            return Some((first, attempted));
        }
        let second = self.request(batch, round).await?;
        let attempted = attempted || second.attempted();
        Some((second, attempted))
    }

    /// One request; it may go on for the grace after the stop.
    async fn request(&self, batch: &Batch, round: &Round<S>) -> Option<Delivery> {
        let cut_off = async {
            self.stop.cancelled().await;
            tokio::time::sleep(round.settings.tuning.stop_grace).await;
        };
        tokio::select! {
            biased;
            delivery = round.settings.sink.deliver(batch) => Some(delivery),
            () = cut_off => None,
        }
    }

    fn begin_delivery(&self, batch: &Batch, round: &Round<S>) -> Span {
        let mut span = round.span.child(Name::Deliver);
        span.id(Key::Dataset, &self.dataset);
        span.count(Key::Events, batch.len());
        span.count(Key::Bytes, batch.bytes());
        span
    }

    fn note(&self, batch: &Batch, verdict: Verdict, took_ms: u64) {
        let seconds = Duration::from_millis(took_ms).as_secs_f64();
        self.metrics.deliver_seconds.with_label_values(&[&*self.dataset, verdict.as_str()]).observe(seconds);
        tracing::debug!(
            dataset = &*self.dataset,
            events = batch.len(),
            bytes = batch.bytes(),
            outcome = verdict.as_str(),
            took_ms,
            "batch"
        );
    }

    fn tell_opened(&self, opened: bool) {
        if opened {
            tracing::info!(dataset = &*self.dataset, "sending goes on");
        }
    }

    /// An error is what somebody has to mend; a warning is what passes by itself.
    fn tell_closed(&self, delivery: &Delivery, verdict: Verdict, cause: Cause, wait_ms: u64) {
        let (dataset, cause, detail) = (&*self.dataset, cause.as_str(), delivery.detail());
        if matches!(verdict, Verdict::HoldGate { .. }) {
            tracing::error!(dataset, cause, wait_ms, detail, "sending is held until somebody mends this; events are kept");
        } else {
            tracing::warn!(dataset, cause, wait_ms, detail, "sending is held; events are kept");
        }
    }
}

/// Says what came of a request, with which its span ends.
fn end_delivery(mut span: Span, delivery: &Delivery, verdict: Verdict) {
    span.word(Key::Outcome, verdict.as_str());
    if let Delivery::Answered(answer) = delivery {
        span.count(Key::Status, answer.status.into());
    }
    if verdict != Verdict::Delivered {
        span.fail();
    }
}
