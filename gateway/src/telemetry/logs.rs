//! Log lines: to standard error, as text or JSON, a short message and fields.
//!
//! Nothing of an event stands in a line at any level. Our own code sees to that for our own lines; libraries that carry requests
//! could print them at `debug` and `trace`, so from them only warnings and errors are taken, whatever the configured level.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterFn, Filtered};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt};

use crate::config::{Log, LogFormat};

/// Why logging was not started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `log.level` is no filter.
    #[error("log.level is neither a level nor a filter such as \"info,portcullis::dispatch=debug\"")]
    Level,
    /// Another part of the process has started logging before.
    #[error("logging was started twice")]
    Twice,
}

/// Starts logging for the process.
pub fn start(log: &Log) -> Result<(), LogError> {
    let level = EnvFilter::try_new(&log.level).map_err(|_| LogError::Level)?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(true);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Text => Box::new(lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_current_span(false).with_span_list(false)),
    };
    let ours: Filtered<_, FilterFn, Registry> = lines.with_filter(FilterFn::new(is_shown));
    tracing_subscriber::registry().with(ours).with(level).try_init().map_err(|_| LogError::Twice)
}

/// Libraries show warnings and errors only.
fn is_shown(line: &Metadata<'_>) -> bool {
    let target = line.target();
    let ours = target == "portcullis" || target.starts_with("portcullis::");
    ours || *line.level() <= Level::WARN
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::Context;

    use super::*;

    /// Keeps target and level of what it is shown.
    struct Seen(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Seen {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let line = event.metadata();
            self.0.lock().unwrap().push(format!("{} {}", line.target(), line.level()));
        }
    }

    #[test]
    fn p2_libraries_that_carry_requests_show_warnings_and_errors_only_at_any_level() {
        let seen = Arc::default();
        let lines = Seen(Arc::clone(&seen)).with_filter(FilterFn::new(is_shown));
        let levels = EnvFilter::try_new("trace,h2=trace,hyper=trace").unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines).with(levels), || {
            tracing::trace!(target: "h2::codec::framed_read", "a header");
            tracing::debug!(target: "hyper::proto", "a body");
            tracing::info!(target: "reqwest::connect", "an address");
            tracing::info!(target: "portcullis_lookalike", "a stranger");
            tracing::warn!(target: "rustls::conn", "a warning");
            tracing::trace!(target: "portcullis::ingest", "our own");
        });
        assert_eq!(*seen.lock().unwrap(), ["rustls::conn WARN", "portcullis::ingest TRACE"]);
    }
}
