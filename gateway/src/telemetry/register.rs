//! Makes metrics from their declarations: the one place that constructs any.
//!
//! A name that is not declared, is declared as something else, or is asked for twice is an error, and so is a declaration that
//! nobody asked for: code and table cannot drift apart.

use std::cell::RefCell;
use std::collections::BTreeSet;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Error, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::declared::{self, Definition, Kind, LIBRARY};

/// A registry that is being filled.
#[derive(Debug, Default)]
pub(super) struct Register {
    registry: Registry,
    made: RefCell<BTreeSet<&'static str>>,
}

#[expect(clippy::disallowed_methods, reason = "the one place that constructs metrics")]
impl Register {
    /// Counters, one for each set of labels.
    pub(super) fn counters(&self, name: &str) -> Result<IntCounterVec, Error> {
        let definition = take(name, |kind| matches!(kind, Kind::Counter))?;
        self.keep(definition, IntCounterVec::new(options(definition), &definition.label_names())?)
    }

    /// A counter without labels.
    pub(super) fn counter(&self, name: &str) -> Result<IntCounter, Error> {
        let definition = take(name, |kind| matches!(kind, Kind::Counter))?;
        self.keep(definition, IntCounter::with_opts(options(definition))?)
    }

    /// Gauges, one for each set of labels; none before one is set.
    pub(super) fn gauges(&self, name: &str) -> Result<IntGaugeVec, Error> {
        let definition = take(name, is_gauge)?;
        self.keep(definition, IntGaugeVec::new(options(definition), &definition.label_names())?)
    }

    /// A gauge without labels.
    pub(super) fn gauge(&self, name: &str) -> Result<IntGauge, Error> {
        let definition = take(name, is_gauge)?;
        self.keep(definition, IntGauge::with_opts(options(definition))?)
    }

    /// Histograms, one for each set of labels.
    pub(super) fn histograms(&self, name: &str) -> Result<HistogramVec, Error> {
        let definition = take(name, is_histogram)?;
        self.keep(definition, HistogramVec::new(buckets(definition), &definition.label_names())?)
    }

    /// A histogram without labels.
    pub(super) fn histogram(&self, name: &str) -> Result<Histogram, Error> {
        let definition = take(name, is_histogram)?;
        self.keep(definition, Histogram::with_opts(buckets(definition))?)
    }

    /// The registry, once everything that is declared is in it.
    pub(super) fn finish(self) -> Result<Registry, Error> {
        self.registry.register(Box::new(ProcessCollector::for_self()))?;
        let made = self.made.into_inner();
        let ours = declared::SECTIONS.iter().filter(|section| section.name != LIBRARY).flat_map(|section| section.metrics);
        match ours.map(|definition| definition.name).find(|name| !made.contains(name)) {
            Some(name) => Err(Error::Msg(format!("{name} is declared, and nothing counts in it"))),
            None => Ok(self.registry),
        }
    }

    fn keep<M: Collector + Clone + 'static>(&self, definition: &'static Definition, metric: M) -> Result<M, Error> {
        self.registry.register(Box::new(metric.clone()))?;
        self.made.borrow_mut().insert(definition.name);
        Ok(metric)
    }
}

fn take(name: &str, fits: fn(Kind) -> bool) -> Result<&'static Definition, Error> {
    let definition = declared::named(name).ok_or_else(|| Error::Msg(format!("{name} is not declared")))?;
    if fits(definition.kind) { Ok(definition) } else { Err(Error::Msg(format!("{name} is declared as something else"))) }
}

fn is_gauge(kind: Kind) -> bool {
    matches!(kind, Kind::Gauge | Kind::Switch | Kind::Info)
}

fn is_histogram(kind: Kind) -> bool {
    matches!(kind, Kind::Histogram(_))
}

fn options(definition: &Definition) -> Opts {
    Opts::new(definition.name, definition.help())
}

fn buckets(definition: &Definition) -> HistogramOpts {
    let bounds = match definition.kind {
        Kind::Histogram(bounds) => bounds.to_vec(),
        Kind::Counter | Kind::Gauge | Kind::Switch | Kind::Info => Vec::new(),
    };
    HistogramOpts::from(options(definition)).buckets(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_declared_or_is_something_else_is_refused() {
        let register = Register::default();
        assert!(register.counters("portcullis_of_nobody_total").is_err());
        assert!(register.counters("portcullis_redis_up").is_err());
        assert!(register.histogram("portcullis_outbox_bytes").is_err());
        assert!(register.gauge("portcullis_outbox_bytes").is_ok());
        assert!(register.gauge("portcullis_outbox_bytes").is_err(), "twice");
    }

    #[test]
    fn a_declaration_that_nobody_uses_is_an_error() {
        let register = Register::default();
        register.gauge("portcullis_outbox_bytes").unwrap();
        let told = register.finish().unwrap_err().to_string();
        assert!(told.contains("declared"), "{told}");
    }
}
