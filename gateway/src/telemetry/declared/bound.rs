//! The most series that there can be, in closed form (promise P6): a product of closed lists and of what is configured.
//!
//! It holds for policies that stay. A reload that brings another one can add series of its properties, its jurisdictions and its
//! actions; a counter keeps what it counted, so those of before go with the process.

use super::{Definition, Kind, Values};
use crate::telemetry::site;

/// How much is configured.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extent {
    /// Sites.
    pub sites: usize,
    /// Properties that their policies name, over all sites.
    pub properties: usize,
    /// Jurisdictions that their policies list, over all sites.
    pub jurisdictions: usize,
    /// Datasets, and those that left the configuration while events wait for them.
    pub datasets: usize,
}

/// The most series of all metrics.
pub fn most_series(extent: Extent) -> usize {
    super::all().map(|definition| definition.most_series(extent)).sum()
}

impl Definition {
    /// The most series of this metric. A histogram has one for each bound, one without, its sum and its count.
    pub fn most_series(&self, extent: Extent) -> usize {
        let (mut senders, mut rest) = (None, 1);
        for label in self.labels {
            match label.values {
                // What is counted of each site holds the site already.
                Values::Sites => senders = senders.or(Some(extent.sites)),
                Values::Places => senders = Some(extent.sites * site::places().count() + extent.properties),
                Values::Jurisdictions => senders = Some(extent.jurisdictions),
                Values::Datasets => rest *= extent.datasets,
                Values::Words(list) => rest *= list().len(),
                Values::Follows | Values::FollowsWithin(_) => {}
            }
        }
        let each = match self.kind {
            Kind::Histogram(bounds) => bounds.len() + 3,
            Kind::Counter | Kind::Gauge | Kind::Switch | Kind::Info => 1,
        };
        senders.unwrap_or(1) * rest * each
    }
}

#[cfg(test)]
mod tests {
    use portcullis_filters::report::{Change, Reason};
    use portcullis_filters::schema::ROWS;

    use super::super::{all, named};
    use super::*;
    use crate::telemetry::metrics::Metrics;

    const ONE: Extent = Extent { sites: 1, properties: 0, jurisdictions: 0, datasets: 1 };

    fn most(name: &str, extent: Extent) -> usize {
        named(name).unwrap().most_series(extent)
    }

    #[test]
    fn p6_the_bound_is_the_product_of_the_lists() {
        // The table, `unknown`, and six parameters of the request.
        let places = ROWS.len() + 7;
        let two = Extent { sites: 2, properties: 3, jurisdictions: 5, datasets: 7 };
        assert_eq!(most("portcullis_events_accepted_total", two), 2);
        assert_eq!(most("portcullis_events_received_total", two), 2 * 2);
        assert_eq!(most("portcullis_fields_removed_total", two), (2 * places + 3) * Reason::ALL.len());
        assert_eq!(most("portcullis_fields_changed_total", two), (2 * places + 3) * Change::ALL.len());
        assert_eq!(most("portcullis_jurisdiction_events_total", two), 5);
        assert_eq!(most("portcullis_gate_closed", two), 7 * 9);
        assert_eq!(most("portcullis_deliver_seconds", two), 7 * 5 * (15 + 3));
        assert_eq!(most("portcullis_policy_info", two), 2);
        assert_eq!(most("portcullis_outbox_bytes", two), 1);
    }

    #[test]
    fn p6_nothing_that_counts_by_a_site_or_a_dataset_is_there_without_one() {
        let none = Extent::default();
        for definition in all() {
            let counts_by = |name: &str| definition.label_names().contains(&name);
            let is_of_one = counts_by("site") || counts_by("dataset");
            assert_eq!(definition.most_series(none) == 0, is_of_one, "{}", definition.name);
        }
    }

    #[test]
    fn p6_every_series_of_a_site_together_takes_less_memory_than_the_documents_say() {
        let metrics = Metrics::new().unwrap();
        let definition = named("portcullis_fields_removed_total").unwrap();
        let reasons = definition.words("reason").unwrap();
        let mut series = 0;
        let taken = allocation_counter::measure(|| {
            for place in site::places() {
                for reason in &reasons {
                    metrics.fields_removed.with_label_values(&["a-site", place, "keep", reason]);
                    series += 1;
                }
            }
        });
        assert_eq!(series, definition.most_series(ONE));
        let each = u64::try_from(taken.bytes_current).unwrap() / u64::try_from(series).unwrap();
        assert!(each < 1024, "{each} bytes for a series");
    }
}
