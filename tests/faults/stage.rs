//! Everything that a run needs: the stand-in for Meta, the network, the gateway, and what strikes them.

use std::net::SocketAddr;
use std::time::Duration;

use harness::{Authority, Chance, ChaosProxy, Executable, Gateway, Load, Meta, Mode, Setup, Signal, eventually};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::fault::{Act, FAILPOINTS};

/// The variable that makes a debug build fail where a test wants it.
pub(crate) const FAILPOINT: &str = "PORTCULLIS_FAILPOINT";
/// 32 bytes, made up.
const KEY_AT_REST: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
/// How long a failpoint may wait to be passed.
const PATIENCE: Duration = Duration::from_secs(3);
/// What the log may say while things go wrong.
pub(crate) const TROUBLE: &[&str] = &[
    "events cannot be stored",
    "the outbox writes nothing any more",
    "the outbox did not give work",
    "a lease cannot be",
    "could not be finished in time",
    "were set aside",
    "closed without a checkpoint",
    "the reload was refused",
];

/// A gateway under test and what is around it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) meta: Meta,
    pub(crate) proxy: ChaosProxy,
    pub(crate) gateway: Gateway,
    /// Where callers find the gateway.
    pub(crate) addresses: watch::Sender<SocketAddr>,
    pub(crate) kills: u64,
    setup: Setup,
    _authority: Option<Authority>,
}

/// What a stage is made for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Needs {
    /// TLS between the gateway and Meta.
    pub(crate) tls: bool,
    /// An outbox that is soon full.
    pub(crate) small_outbox: bool,
    /// Encryption at rest and deduplication, which are off by default.
    pub(crate) everything_on: bool,
    /// A Meta that remembers so many ids, and only the last events themselves.
    pub(crate) many_ids: Option<u64>,
}

impl Needs {
    pub(crate) fn of(act: Act) -> Self {
        Self { tls: matches!(act, Act::Tls(_)), small_outbox: matches!(act, Act::FullOutbox), ..Self::default() }
    }
}

impl Stage {
    pub(crate) async fn start(executable: &Executable, needs: Needs) -> Self {
        let meta = match needs.many_ids {
            Some(ids) => Meta::start_for_many(executable, ids).await,
            None => Meta::start(executable).await,
        };
        let mut setup = Setup::new(&meta);
        let authority = needs.tls.then(Authority::new);
        let proxy = if let Some(authority) = &authority {
            let proxy = ChaosProxy::start_tls(meta.address(), &authority.issue()).await;
            let file = authority.file().display().to_string();
            setup = setup.set("meta", "base_url", &format!("\"https://{}\"", proxy.address()));
            setup = setup.set("meta", "ca_file", &format!("\"{file}\""));
            proxy
        } else {
            let proxy = ChaosProxy::start(meta.address()).await;
            setup = setup.through(proxy.address());
            proxy
        };
        if needs.small_outbox {
            setup = setup.set("outbox", "max_bytes", "1_048_576");
        }
        if needs.everything_on {
            setup = setup
                .set("outbox", "encryption_key", "{ env = \"OUTBOX_KEY\" }")
                .set("outbox", "deduplicate_hours", "48")
                .env("OUTBOX_KEY", KEY_AT_REST);
        }
        let mut gateway = Gateway::start(executable, setup.clone()).await;
        gateway.expect_trouble_with_meta();
        for part in TROUBLE {
            gateway.expect_log(part);
        }
        let addresses = watch::Sender::new(gateway.address());
        Self { meta, proxy, gateway, addresses, kills: 0, setup, _authority: authority }
    }

    /// Lets a fault strike. What outlasts the moment goes on until [`Stage::relieve`].
    pub(crate) async fn strike(&mut self, act: Act, load: &Load, chance: &mut Chance) {
        match act {
            Act::Network(mode) => self.proxy.set(mode(chance)),
            Act::Tls(mode) => self.proxy.set(mode),
            Act::Meta(script) => {
                let before = self.meta.struck().await;
                self.meta.faults(&script()).await;
                let struck = async || (self.meta.struck().await > before).then_some(());
                // Not every event is one that Meta refuses.
                drop(tokio::time::timeout(PATIENCE, eventually("it strikes", PATIENCE * 2, struck)).await);
            }
            Act::FullOutbox => {
                self.proxy.set(Mode::Refuse);
                let before = load.turned_away();
                eventually("the outbox is full", Duration::from_secs(120), async || {
                    (load.turned_away() > before + 3).then_some(())
                })
                .await;
            }
            Act::Kill => self.kill().await,
            Act::Stop => {
                self.gateway.stop(Signal::Terminate).await;
                self.restart(None).await;
            }
            Act::Reload => {
                for round in 0..10 {
                    let linger = if round % 2 == 0 { chance.below(40).to_string() } else { "\"soon\"".to_owned() };
                    self.reload(&self.setup.clone().set("dispatch", "linger_ms", &linger)).await;
                    Self::go_on(Duration::from_millis(chance.below(80)), Instant::now() + PATIENCE).await;
                }
            }
            Act::Abort => {
                let (name, most) = chance.pick(FAILPOINTS);
                self.die_at(&format!("{name}:{}=abort", 1 + chance.below(most))).await;
            }
            Act::Disk(how) => {
                let from = 1 + chance.below(8);
                self.gateway.stop(Signal::Terminate).await;
                self.restart(Some(&format!("before_commit:{from}-{}={how}", from + 30))).await;
            }
        }
    }

    /// Ends what a fault left behind.
    pub(crate) async fn relieve(&mut self, act: Act) {
        match act {
            Act::Network(_) | Act::Tls(_) | Act::FullOutbox => self.proxy.set(Mode::Pass),
            Act::Meta(_) => self.meta.no_faults().await,
            Act::Disk(_) => {
                self.gateway.stop(Signal::Terminate).await;
                self.restart(None).await;
            }
            Act::Reload => self.reload(&self.setup.clone()).await,
            Act::Kill | Act::Stop | Act::Abort => {}
        }
    }

    /// `kill -9`, and a new start on the same data.
    pub(crate) async fn kill(&mut self) {
        self.gateway.kill().await;
        self.kills += 1;
        self.restart(None).await;
    }

    /// Starts anew with a failpoint, waits for the death there, and starts again.
    async fn die_at(&mut self, failpoint: &str) {
        self.gateway.kill().await;
        self.kills += 1;
        self.gateway.configure(self.setup.clone().env(FAILPOINT, failpoint));
        if self.gateway.try_restart().await {
            self.addresses.send_replace(self.gateway.address());
            let died = eventually("it dies", PATIENCE * 2, async || (!self.gateway.process().runs()).then_some(()));
            // Not every moment comes by in every run.
            if tokio::time::timeout(PATIENCE, died).await.is_err() {
                self.gateway.kill().await;
            }
        }
        self.kills += 1;
        self.restart(None).await;
    }

    async fn reload(&mut self, setup: &Setup) {
        self.gateway.replace_file("portcullis.toml", &setup.toml());
        self.gateway.process().signal(Signal::Hangup).await;
    }

    async fn restart(&mut self, failpoint: Option<&str>) {
        let setup = self.setup.clone();
        self.gateway.configure(match failpoint {
            Some(failpoint) => setup.env(FAILPOINT, failpoint),
            None => setup,
        });
        // Not `restart`, which wants a gateway that says that it is ready: one whose disk fails does not.
        assert!(self.gateway.try_restart().await, "the gateway does not start");
        self.addresses.send_replace(self.gateway.address());
    }

    /// Lets things go on for so long, and no longer than until the end.
    pub(crate) async fn go_on(time: Duration, end: Instant) {
        tokio::time::sleep(time.min(end.saturating_duration_since(Instant::now()))).await;
    }
}
