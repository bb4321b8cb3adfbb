//! Keeps a listener's certificate fresh: its files are looked at every few seconds, and a pair that is new and valid is shown to
//! new connections. A reload can name other files.
//!
//! Contents are compared, since a mounted secret is swapped by a link and times of files tell nothing. A pair that cannot be used
//! changes nothing: the log says so once, and a gauge for as long as it lasts.

use std::sync::Arc;
use std::time::Duration;

use prometheus::IntGauge;
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::tls;
use crate::clock::Clock;
use crate::config::{self, Certificate, TlsFiles};
use crate::telemetry::metrics::Metrics;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long it may take to read them. A folder on a network that is away can take for ever.
const READ: Duration = Duration::from_secs(10);

/// Replaces a certificate until the listener stops.
#[derive(Debug)]
pub struct Renewal {
    files: TlsFiles,
    in_use: Arc<Certificate>,
    replace: watch::Sender<Arc<ServerConfig>>,
    configured: watch::Receiver<config::Tls>,
    clock: Clock,
    /// What was wrong at the last look, and whether the log has it.
    trouble: Option<(String, bool)>,
    expiry: IntGauge,
    failing: IntGauge,
}

impl Renewal {
    /// `configured` is what the listener began with, and later what a reload names; `replace` gives the listener another.
    pub fn new(
        mut configured: watch::Receiver<config::Tls>,
        replace: watch::Sender<Arc<ServerConfig>>,
        clock: Clock,
        metrics: &Metrics,
    ) -> Self {
        let config::Tls { files, certificate: in_use } = configured.borrow_and_update().clone();
        let expiry = metrics.tls_certificate_expiry.with_label_values::<&str>(&[]);
        let failing = metrics.tls_certificate_reload_failing.with_label_values::<&str>(&[]);
        let renewal = Self { files, in_use, replace, configured, clock, trouble: None, expiry, failing };
        renewal.tell_end();
        renewal
    }

    /// Looks until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let look = async {
            loop {
                let named = tokio::select! {
                    () = tokio::time::sleep(LOOK) => false,
                    // Without anybody who reloads there is nothing to wait for but the next look.
                    Ok(()) = self.configured.changed() => true,
                };
                if named {
                    self.take_configured();
                } else {
                    self.look().await;
                }
            }
        };
        // Nor does a stop wait for files.
        let _: Option<()> = stop.run_until_cancelled(look).await;
    }

    async fn look(&mut self) {
        let files = self.files.clone();
        // A file can lie on a network, so it is read where waiting harms nobody. Until it was, it is not read a second time.
        let mut reading = tokio::task::spawn_blocking(move || files.read());
        let read = loop {
            match tokio::time::timeout(READ, &mut reading).await {
                Ok(read) => break read,
                Err(_) => self.complain("server.tls.cert or server.tls.key: reading it takes too long".to_owned()),
            }
        };
        let found = match read {
            Ok(Ok(found)) if found.is_same_as(&self.in_use) => return self.clear(),
            Ok(found) => found.and_then(|found| found.valid_at(self.clock.unix_secs()).map(|()| found)),
            // The runtime ends.
            Err(_) => return,
        };
        let found = found.map(Arc::new).map_err(|error| format!("{}: {error}", error.key()));
        match found.and_then(|found| self.take(found)) {
            Ok(()) => self.clear(),
            Err(reason) => self.complain(reason),
        }
    }

    /// What a reload named was read and judged by it.
    fn take_configured(&mut self) {
        let config::Tls { files, certificate } = self.configured.borrow_and_update().clone();
        self.files = files;
        match if certificate.is_same_as(&self.in_use) { Ok(()) } else { self.take(certificate) } {
            Ok(()) => self.clear(),
            Err(reason) => self.complain(reason),
        }
    }

    fn take(&mut self, found: Arc<Certificate>) -> Result<(), String> {
        self.replace.send_replace(tls::settings(&found).map_err(|error| error.to_string())?);
        self.in_use = found;
        self.tell_end();
        tracing::info!(valid_until = self.in_use.until_date(), "a new certificate is shown from now on");
        Ok(())
    }

    fn tell_end(&self) {
        self.expiry.set(i64::try_from(self.in_use.until()).unwrap_or(i64::MAX));
    }

    fn clear(&mut self) {
        self.trouble = None;
        self.failing.set(0);
    }

    /// Files are written one after the other, and a half is no fault yet: what is wrong is said when it is wrong twice.
    fn complain(&mut self, reason: String) {
        let (again, told) = match &self.trouble {
            Some((last, told)) if *last == reason => (true, *told),
            _ => (false, false),
        };
        if again && !told {
            tracing::error!(reason, "the new certificate cannot be used; the old one stays");
            self.failing.set(1);
        }
        self.trouble = Some((reason, again));
    }
}
