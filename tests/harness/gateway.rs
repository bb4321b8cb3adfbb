//! The gateway under test, and what must hold when a test is done with it.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Process, Signal};
use crate::{Canaries, Client, Executable, KEY, Metrics, Output, Pair, Setup, TOKEN, eventually, holds};

/// A stop must not take longer than this.
const STOP: Duration = Duration::from_secs(30);

/// Lines at `WARN` or above that any run may log, by a part of their message. A test adds its own with
/// [`Gateway::expect_log`]; every other one fails it.
const KNOWN: &[&str] = &[
    // Advice about a policy or a proxy, given at start.
    "rests unencrypted",
    "so events rest in Redis",
    "catalogue",
    "nobody's consent is asked for",
    // A caller showed a wrong key, as many tests do on purpose.
    "a key was refused",
];

/// What the log may say, besides, while Meta cannot be reached or answers with faults.
const TROUBLE: &[&str] = &["sending is held", "set aside", "a lease ended before it was settled"];

/// The same while Redis cannot be reached, or has lost what it held.
const TROUBLE_WITH_REDIS: &[&str] = &["Redis", "a lease ended before it was settled", "sending is held"];

/// A running gateway with a folder of its own.
#[derive(Debug)]
pub struct Gateway {
    executable: Executable,
    setup: Setup,
    folder: TempDir,
    process: Process,
    address: SocketAddr,
    admin: SocketAddr,
    starts: u32,
    expected: Vec<String>,
    /// What [`Gateway::finish`] searches for. A test may add its own.
    pub canaries: Canaries,
    finished: bool,
}

impl Gateway {
    /// Writes the configuration, starts the executable and waits until it accepts.
    pub async fn start(executable: &Executable, setup: Setup) -> Self {
        Self::start_in(executable, setup, &[]).await
    }

    /// The same behind TLS, with this pair.
    pub async fn start_tls(executable: &Executable, setup: Setup, pair: &Pair) -> Self {
        let mut gateway = Self::start_in(executable, setup.tls(), &[("cert.pem", &pair.cert), ("key.pem", &pair.key)]).await;
        // What a test never has to see again: any line of the key itself.
        let line = pair.key.lines().nth(1).expect("a key has lines");
        gateway.canaries.add("the certificate's key", line);
        gateway
    }

    /// The same, with more files beside the configuration.
    pub async fn start_in(executable: &Executable, setup: Setup, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("portcullis.toml"), setup.toml()).expect("the folder takes files");
        for (name, text) in files {
            write_private(&folder.path().join(name), text);
        }
        let mut process = spawn(executable, &setup, &folder, 1);
        let (address, admin) = process.wait_for("ready", |text| text.lines().find_map(ready)).await;
        says_that_it_is_ready(admin).await;
        let mut canaries = Canaries::marked();
        canaries.add("the site's key", KEY);
        canaries.add("Meta's token", TOKEN);
        Self {
            executable: executable.clone(),
            setup,
            folder,
            process,
            address,
            admin,
            starts: 1,
            expected: Vec::new(),
            canaries,
            finished: false,
        }
    }

    /// Where callers connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics and health are read.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// A caller with the site's key.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Replaces a file beside the configuration, as a renewal would: the new one is there at once and whole.
    pub fn replace_file(&self, name: &str, text: &str) {
        let new = self.folder.path().join(format!("{name}.new"));
        write_private(&new, text);
        std::fs::rename(new, self.folder.path().join(name)).expect("a file can be renamed");
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("portcullis.toml")
    }

    /// The folder of the outbox.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs another command of the executable with this configuration.
    pub async fn command(&self, arguments: &[&str]) -> Output {
        let config = self.config().display().to_string();
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--config", &config]).collect();
        let environment: Vec<(&str, &str)> =
            self.setup.environment().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.executable.run(&arguments, &environment, self.folder.path()).await
    }

    /// What Prometheus would scrape now.
    pub async fn metrics(&self) -> Metrics {
        self.try_metrics().await.expect("the admin listener answers")
    }

    /// The same where the process may be gone.
    pub async fn try_metrics(&self) -> Option<Metrics> {
        let answer = Client::new(self.admin).get("/metrics").await.ok()?;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Some(Metrics::parse(&answer.text()))
    }

    /// Waits until nothing is pending, and what became of all is counted.
    pub async fn drained(&self) {
        holds("the outbox drains", Duration::from_secs(60), async || {
            let metrics = self.metrics().await;
            match metrics.pending() {
                // What became of the last ones is counted a moment after they left the outbox.
                0 => metrics.accounted(),
                pending => Err(format!("{pending} events are pending")),
            }
        })
        .await;
    }

    /// Waits until nothing is pending, where what was counted ended with a process or is not known after a cut: an event that Redis
    /// may have, or may not, goes to the file too.
    pub async fn empty(&self) {
        holds("nothing is pending", Duration::from_secs(60), async || match self.metrics().await.pending() {
            0 => Ok(()),
            pending => Err(format!("{pending} events are pending")),
        })
        .await;
    }

    /// A warning or error with this text in its message is part of the test.
    pub fn expect_log(&mut self, part: &str) {
        self.expected.push(part.to_owned());
    }

    /// Trouble with Meta is part of the test, and so are the warnings about it.
    pub fn expect_trouble_with_meta(&mut self) {
        for part in TROUBLE {
            self.expect_log(part);
        }
    }

    /// Trouble with Redis is part of the test, and so are the warnings about it.
    pub fn expect_trouble_with_redis(&mut self) {
        for part in TROUBLE_WITH_REDIS {
            self.expect_log(part);
        }
    }

    /// Sends again what was in hand at several deaths in a row and was set aside for it, as an operator would: the deaths were the
    /// test's, not the events'. Returns how many that were.
    pub async fn redrive_blamed(&self) -> u64 {
        let set_aside = self.metrics().await.sum("portcullis_outbox_quarantined_events", &[]);
        if set_aside > 0 {
            let redriven = self.command(&["outbox", "redrive", "--reason", "aborts_process"]).await;
            assert_eq!(redriven.code, Some(0), "{}{}", redriven.stdout, redriven.stderr);
        }
        set_aside
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again on the same folder, after a kill or a stop. The ports are new.
    pub async fn restart(&mut self) {
        let ready = self.try_restart().await;
        assert!(ready, "it ended before it was ready\n{}", self.process.stderr());
        says_that_it_is_ready(self.admin).await;
    }

    /// The same where the start may be what fails: whether it came to accept events.
    pub async fn try_restart(&mut self) -> bool {
        assert!(!self.process.runs(), "stop or kill it first");
        self.starts += 1;
        self.process = spawn(&self.executable, &self.setup, &self.folder, self.starts);
        let Some(addresses) = self.process.find("ready", |text| text.lines().find_map(ready)).await else { return false };
        (self.address, self.admin) = addresses;
        true
    }

    /// Writes another configuration, for the next [`Gateway::restart`] or a reload.
    pub fn configure(&mut self, setup: Setup) {
        std::fs::write(self.config(), setup.toml()).expect("the folder takes files");
        self.setup = setup;
    }

    /// Sends a signal and waits for the end, which must come in time and with 0. Gives how long it took.
    pub async fn stop(&mut self, signal: Signal) -> Duration {
        let asked = tokio::time::Instant::now();
        self.process.signal(signal).await;
        let code = self.process.ended(STOP).await;
        assert_eq!(code, Some(0), "the exit code after {signal:?}\n{}", self.process.stderr());
        asked.elapsed()
    }

    /// Promise P5. Counters move one after the other, so this waits a little for the two sides to meet.
    pub async fn accounted(&self) {
        holds("each event is accounted for", Duration::from_secs(15), async || self.metrics().await.accounted()).await;
    }

    /// Everything that must hold when a test is done; stops the gateway if it still runs.
    pub async fn finish(mut self) {
        if self.process.runs() {
            self.accounted().await;
        }
        self.finish_without_accounts().await;
    }

    /// The same but for its accounts, which hold only together with those of all who share its Redis and as long as nobody of them was
    /// killed or cut off.
    pub async fn finish_without_accounts(mut self) {
        self.finished = true;
        if self.process.runs() {
            let metrics = self.metrics().await;
            self.canaries.absent_from("/metrics", metrics.text().as_bytes());
            assert_eq!(metrics.undeclared(), Vec::<String>::new());
            self.stop(Signal::Terminate).await;
        }
        for start in 1..=self.starts {
            for stream in ["stdout", "stderr"] {
                let path = self.folder.path().join(format!("gateway-{start}.{stream}"));
                let text = std::fs::read(path).expect("the output is there");
                self.canaries.absent_from(&format!("{stream} of start {start}"), &text);
            }
            self.logs_nothing_unknown(start);
        }
        self.canaries.absent_from_folder(&self.data());
        if let Some(simulator) = self.setup.simulator {
            let meta = Client::new(simulator);
            for page in ["/_simulator/events", "/_simulator/ledger"] {
                // A test may have stopped the simulator; then it has looked for itself.
                if let Ok(answer) = meta.get(page).await {
                    self.canaries.absent_from(page, &answer.body);
                }
            }
        }
    }

    /// Whether the test said that this may be logged.
    fn expects(&self, line: &str) -> bool {
        self.expected.iter().any(|part| line.contains(part.as_str()))
    }

    /// Each line of the log is JSON, and none at `WARN` or above is unknown.
    fn logs_nothing_unknown(&self, start: u32) {
        let path = self.folder.path().join(format!("gateway-{start}.stderr"));
        let text = std::fs::read_to_string(path).expect("the log is UTF-8");
        for line in text.lines() {
            // A start that a test wants to fail says so without a form.
            if line.starts_with("error: ") && self.expects(line) {
                continue;
            }
            // A kill can cut the last line.
            let Ok(entry) = serde_json::from_str::<Value>(line) else {
                assert!(!text.ends_with('\n') && text.lines().last() == Some(line), "not a line of the log: {line}");
                continue;
            };
            let level = text_of(&entry, "level").to_uppercase();
            let message = text_of(&entry, "message");
            let quiet = !matches!(level.as_str(), "WARN" | "ERROR");
            let known = KNOWN.iter().any(|part| line.contains(part));
            assert!(quiet || known || self.expects(line), "an unknown warning of start {start}: {message}\n{line}");
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let judged = self.finished || std::thread::panicking();
        assert!(judged, "a test must end with gateway.finish().await: it asserts what holds after every test");
    }
}

/// Nobody else may read it, as it can hold a key.
fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the folder takes files");
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).expect("a mode can be set");
}

/// Starts the executable. Once it accepts it writes a line with its addresses.
fn spawn(executable: &Executable, setup: &Setup, folder: &TempDir, start: u32) -> Process {
    let config = folder.path().join("portcullis.toml").display().to_string();
    let arguments = ["serve".to_owned(), "--config".to_owned(), config];
    let name = format!("gateway-{start}");
    Process::start(executable.path(), &arguments, setup.environment(), folder.path(), &name)
}

/// The line is written when it accepts, but an answer is worth more than a line.
async fn says_that_it_is_ready(admin: SocketAddr) {
    eventually("it says that it is ready", Duration::from_secs(10), async || {
        Client::new(admin).get("/readyz").await.ok().filter(crate::Answer::is_success)
    })
    .await;
}

/// The addresses in the line `ready`, with fields beside the message or in `fields`, as the log format has them.
fn ready(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let entry: Value = serde_json::from_str(line).ok()?;
    if text_of(&entry, "message") != "ready" {
        return None;
    }
    Some((text_of(&entry, "listen").parse().ok()?, text_of(&entry, "admin").parse().ok()?))
}

fn text_of<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).or_else(|| entry.get("fields")?.get(name)).and_then(Value::as_str).unwrap_or_default()
}
