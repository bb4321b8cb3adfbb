//! Three gateways that share one Redis, and `kill -9` of any of them and of Redis at random, while networks break.
//!
//! The server syncs before it answers, so nothing that was answered 2xx may be missing in the end; and what came twice must have
//! been under way when something was killed or cut. The first seconds are calm: whatever comes twice then is a defect.

#![expect(clippy::indexing_slicing, reason = "the gateways of a run are numbered")]

use std::time::Duration;

use harness::{
    Chance, ChaosProxy, Demand, Disturbances, Executable, Fleet, Load, Meta, Mode, Oracle, Redis, Setup, Verdict,
    eventually, holds, numbered_purchase,
};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::judge::Figures;
use crate::report::Line;
use crate::run::{Runs, caught};
use crate::stage::{FAILPOINT, Stage, TROUBLE};

/// How many gateways.
const GATEWAYS: usize = 3;
/// Nothing goes wrong at first for so long.
const CALM: Duration = Duration::from_secs(3);
/// How long everything may take to be well again after a disturbance.
const WELL: Duration = Duration::from_secs(60);
/// How long the rest may take to arrive.
const REST: Duration = Duration::from_secs(180);
/// Moments of sending at which a gateway can be made to die, and how often at most it passes there first.
const FAILPOINTS: &[(&str, u64)] = &[("before_send", 8), ("after_send_before_settle", 8)];

/// What can happen.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// A gateway is killed, and started again after up to so many milliseconds.
    Gateway(u64),
    /// A gateway dies at a moment that matters, in builds that know such moments.
    Abort,
    /// Redis is killed, and started again.
    Redis,
    /// The network between a gateway and Redis does this.
    ToRedis(fn(&mut Chance) -> Mode),
    /// The network between a gateway and Meta does this.
    ToMeta(fn(&mut Chance) -> Mode),
    /// A gateway and Redis are killed at once.
    Both,
}

const BLOWS: &[Blow] = &[
    Blow::Gateway(100),
    Blow::Gateway(3000),
    Blow::Abort,
    Blow::Redis,
    Blow::Redis,
    Blow::Both,
    Blow::ToRedis(|_| Mode::Cut),
    Blow::ToRedis(|_| Mode::Blackhole),
    Blow::ToRedis(|chance| Mode::CutAnswer(usize::try_from(chance.below(2000)).unwrap_or(0) + 1)),
    Blow::ToRedis(|chance| Mode::Late(Duration::from_millis(20 + chance.below(400)))),
    Blow::ToMeta(|_| Mode::Cut),
    Blow::ToMeta(|chance| Mode::CutAnswer(usize::try_from(chance.below(900)).unwrap_or(0) + 1)),
];

/// Everything that such a run needs.
struct Site {
    meta: Meta,
    redis: Redis,
    fleet: Fleet,
    setups: Vec<Setup>,
    /// Between each gateway and Redis.
    to_redis: Vec<ChaosProxy>,
    /// Between each gateway and Meta.
    to_meta: Vec<ChaosProxy>,
    /// Where callers find each gateway.
    addresses: Vec<watch::Sender<std::net::SocketAddr>>,
    failpoints: bool,
    disturbances: Disturbances,
    kills: [u64; 2],
}

impl Runs {
    /// For so long, at so many events a second of all gateways together.
    pub(crate) async fn many(&mut self, time: Duration, rate: u32) -> Line {
        let (executable, mut chance, failpoints) = (self.executable.clone(), self.chance.fork(), self.failpoints);
        let (told, mut note) = tokio::sync::oneshot::channel();
        let mut line = caught("three gateways, one Redis", async move {
            let mut site = Site::start(&executable, failpoints).await;
            let share = rate / u32::try_from(GATEWAYS).unwrap_or(1);
            let demand = Demand { callers: 2, events: 4, per_second: Some(share) };
            let follow = |(at, address): (usize, &watch::Sender<_>)| {
                Load::following(&address.subscribe(), &format!("many{at}"), demand)
            };
            let loads: Vec<Load> = site.addresses.iter().enumerate().map(follow).collect();
            let end = Instant::now() + time;
            Stage::go_on(CALM, end).await;
            while Instant::now() < end {
                site.disturbances.begin();
                site.strike(chance.pick(BLOWS), &mut chance).await;
                site.well(&loads).await;
                site.disturbances.end();
                Stage::go_on(Duration::from_millis(chance.below(1200)), end).await;
            }
            let turned_away = loads.iter().map(Load::turned_away).sum();
            let mut oracle = Oracle::default();
            for load in loads {
                oracle.merge(load.finish().await);
            }
            let [gateways, redis] = site.kills;
            let figures = site.judge(oracle, turned_away).await;
            told.send(format!(
                "{gateways} kills of gateways, {redis} of Redis; 0 lost; {} repeats, each of an event that was under way when something \
                 was killed or cut",
                figures.repeats
            ))
            .unwrap_or_default();
            figures
        })
        .await;
        line.note = note.try_recv().ok();
        line
    }
}

impl Site {
    async fn start(executable: &Executable, failpoints: bool) -> Self {
        let (meta, redis) = (Meta::start(executable).await, Redis::start().await);
        let (mut setups, mut to_redis, mut to_meta) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..GATEWAYS {
            let proxies = (ChaosProxy::start(redis.address()).await, ChaosProxy::start(meta.address()).await);
            let url = format!("redis://{}", proxies.0.address());
            setups.push(Setup::new(&meta).through(proxies.1.address()).on_redis(&url));
            to_redis.push(proxies.0);
            to_meta.push(proxies.1);
        }
        let mut fleet = Fleet::start(executable, setups.clone()).await;
        fleet.expect_trouble_with_redis();
        fleet.expect_trouble_with_meta();
        for part in TROUBLE {
            fleet.expect_log(part);
        }
        let addresses = fleet.gateways.iter().map(|gateway| watch::Sender::new(gateway.address())).collect();
        let (disturbances, kills) = (Disturbances::default(), [0, 0]);
        Self { meta, redis, fleet, setups, to_redis, to_meta, addresses, failpoints, disturbances, kills }
    }

    /// Lets something happen, and undoes it.
    async fn strike(&mut self, blow: Blow, chance: &mut Chance) {
        let at = usize::try_from(chance.below(GATEWAYS as u64)).unwrap_or(0);
        let pause = |chance: &mut Chance, most: u64| {
            let time = Duration::from_millis(chance.below(most));
            Stage::go_on(time, Instant::now() + time)
        };
        match blow {
            Blow::Gateway(down) => {
                self.kill(at).await;
                pause(chance, down).await;
                self.restart(at, None).await;
            }
            Blow::Abort if self.failpoints => {
                let (name, most) = chance.pick(FAILPOINTS);
                self.kill(at).await;
                self.restart(at, Some(&format!("{name}:{}=abort", 1 + chance.below(most)))).await;
                let patience = Duration::from_secs(3);
                let died =
                    eventually("it dies", patience * 2, async || (!self.fleet.gateways[at].process().runs()).then_some(()));
                // Not every moment comes by in time.
                drop(tokio::time::timeout(patience, died).await);
                self.kill(at).await;
                self.restart(at, None).await;
            }
            Blow::Abort | Blow::Redis => {
                self.kill_redis().await;
                pause(chance, 1500).await;
                self.redis.restart().await;
            }
            Blow::Both => {
                self.kill_redis().await;
                self.kill(at).await;
                pause(chance, 500).await;
                self.redis.restart().await;
                self.restart(at, None).await;
            }
            Blow::ToRedis(mode) => {
                self.to_redis[at].set(mode(chance));
                pause(chance, 2500).await;
                self.to_redis[at].set(Mode::Pass);
            }
            Blow::ToMeta(mode) => {
                self.to_meta[at].set(mode(chance));
                pause(chance, 2500).await;
                self.to_meta[at].set(Mode::Pass);
            }
        }
    }

    async fn kill(&mut self, at: usize) {
        if self.fleet.gateways[at].process().runs() {
            self.fleet.gateways[at].kill().await;
        }
        self.kills[0] += 1;
    }

    async fn kill_redis(&mut self) {
        self.redis.kill().await;
        self.kills[1] += 1;
    }

    async fn restart(&mut self, at: usize, failpoint: Option<&str>) {
        let setup = self.setups[at].clone();
        let gateway = &mut self.fleet.gateways[at];
        gateway.configure(match failpoint {
            Some(failpoint) => setup.env(FAILPOINT, failpoint),
            None => setup,
        });
        let up = gateway.try_restart().await;
        assert!(up || failpoint.is_some(), "a gateway does not start\n{}", gateway.process().stderr());
        self.addresses[at].send_replace(gateway.address());
    }

    /// Waits until every gateway reaches Redis and answers its callers.
    async fn well(&mut self, loads: &[Load]) {
        let before: Vec<u64> = loads.iter().map(Load::answered).collect();
        holds("every gateway is well again", WELL, async || {
            for (at, gateway) in self.fleet.gateways.iter().enumerate() {
                let Some(metrics) = gateway.try_metrics().await else { return Err(format!("gateway {at} is gone")) };
                if metrics.sum("portcullis_redis_up", &[]) == 0 {
                    return Err(format!("gateway {at} does not reach Redis"));
                }
                if loads[at].answered() <= before[at] {
                    return Err(format!("gateway {at} answers nobody"));
                }
            }
            Ok(())
        })
        .await;
    }

    /// Waits until everything has come to rest, and judges it. Panics with what is wrong.
    async fn judge(self, oracle: Oracle, turned_away: u64) -> Figures {
        assert!(oracle.owed() > 0, "nothing was answered 2xx");
        self.drained().await;
        let quarantined = self.fleet.gateways[0].redrive_blamed().await;
        if quarantined > 0 {
            self.drained().await;
        }
        let arrived = self.meta.events().await;
        let verdict = oracle.judge_events(arrived.iter().map(|sent| &sent.event));
        let Verdict { missing, foreign, altered } = &verdict;
        let first = |list: &[String]| list.iter().take(5).cloned().collect::<Vec<_>>();
        assert!(missing.is_empty(), "{} events are LOST: {:?}", missing.len(), first(missing));
        assert!(foreign.is_empty() && altered.is_empty(), "foreign: {:?}; altered: {:?}", first(foreign), first(altered));
        let repeats = self.disturbances.explain(&oracle, &arrived);
        let unexplained = &repeats.unexplained;
        assert!(unexplained.is_empty(), "{} events came twice for no reason: {:?}", unexplained.len(), first(unexplained));
        self.still_works().await;
        let figures = Figures {
            issued: oracle.issued(),
            owed: oracle.owed(),
            arrived: self.meta.ids().await.len(),
            repeats: repeats.count,
            quarantined,
            turned_away,
            requests: self.meta.requests().await,
            kills: self.kills.iter().sum(),
        };
        // Canaries, in Redis too, the logs, and a stop.
        self.fleet.finish_without_accounts(&[&self.redis]).await;
        self.meta.finish().await;
        figures
    }

    async fn drained(&self) {
        holds("the outboxes drain", REST, async || match self.fleet.metrics().await.pending() {
            0 => Ok(()),
            pending => Err(format!("{pending} events are pending")),
        })
        .await;
    }

    /// One more event passes each gateway, as if nothing had been.
    async fn still_works(&self) {
        for (at, gateway) in self.fleet.gateways.iter().enumerate() {
            let prefix = format!("fresh{at}");
            let answer = gateway.client().post(&[numbered_purchase(&prefix, 1)]).await.expect("the gateway answers");
            assert_eq!(answer.status, 200, "{}", answer.text());
            eventually("a fresh event arrives", WELL, async || {
                self.meta.ids().await.contains_key(&format!("{prefix}-1")).then_some(())
            })
            .await;
        }
    }
}
