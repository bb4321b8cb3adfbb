//! A Redis of its own for a test: the real server, on a free port, with a folder of its own, gone with the test.
//!
//! [`RedisSetup`] says how it is set up, [`Redis`] is the running server: killed, started on what its disk holds or on nothing, asked,
//! measured, and searched for what must not rest in it. It comes from `PATH` or `REDIS_SERVER`; where it is missing the test fails and
//! says how to get it. Several servers together are made in the files beside this one.

mod cluster;
mod sentinel;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redis::{AsyncConnectionConfig, FromRedisValue, RedisResult};
use tempfile::TempDir;

use crate::process::Process;
use crate::{Authority, Canaries, Settings, eventually, free_address, installed};

pub use self::cluster::RedisCluster;
pub use self::sentinel::Sentinel;

/// A free port may be taken by somebody else before the server binds it.
const TRIES: usize = 5;
/// How long a start may take, the reading of what the disk holds included.
const START: Duration = Duration::from_secs(30);
/// The user as whom the suites ask where the default one is switched off.
const ADMIN: (&str, &str) = ("suite", "password-of-the-suite-0123456789");

/// How a server is set up: by default each write is on the disk before it is answered.
#[derive(Debug, Clone)]
pub struct RedisSetup {
    program: PathBuf,
    lines: Vec<(String, String)>,
    files: Vec<(String, String)>,
    tls: bool,
    acl: bool,
}

/// A running server.
#[derive(Debug)]
pub struct Redis {
    setup: RedisSetup,
    process: Process,
    port: u16,
    tls_port: u16,
    folder: TempDir,
    starts: u32,
}

impl Default for RedisSetup {
    fn default() -> Self {
        Self::new()
    }
}

impl RedisSetup {
    /// Debian's server, or the one that `REDIS_SERVER` names.
    pub fn new() -> Self {
        let program = Settings::redis_server();
        // Asked once, so that the failure is one clear line and not the story of a start.
        let known = std::process::Command::new(&program).arg("--version").output().is_ok();
        assert!(
            known,
            "{} is missing: install it (Debian: apt-get install redis-server) or set REDIS_SERVER to its path",
            program.display()
        );
        Self { program, lines: Vec::new(), files: Vec::new(), tls: false, acl: false }.always()
    }

    /// The newest Valkey, which `tests/run` installs.
    pub fn valkey() -> Self {
        Self { program: installed("valkey").join("valkey-server"), ..Self::new() }
    }

    /// Each write is on the disk before it is answered.
    #[must_use]
    pub fn always(self) -> Self {
        self.set("appendonly", "yes").set("appendfsync", "always")
    }

    /// Writes are on the disk within a second.
    #[must_use]
    pub fn everysec(self) -> Self {
        self.set("appendonly", "yes").set("appendfsync", "everysec")
    }

    /// Nothing is ever written to the disk.
    #[must_use]
    pub fn in_memory(self) -> Self {
        self.set("appendonly", "no")
    }

    /// Sets a line of its configuration.
    #[must_use]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.lines.retain(|(has, _)| has != key);
        self.lines.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Takes TLS, beside the plain port that the suites ask at, and only from callers with a certificate of this authority.
    #[must_use]
    pub fn tls(mut self, authority: &Authority) -> Self {
        let pair = authority.issue();
        for (name, text) in [("server.crt", pair.cert), ("server.key", pair.key), ("authority.crt", authority.pem())] {
            self.files.push((name.to_owned(), text));
        }
        self.tls = true;
        self.set("tls-cert-file", "server.crt")
            .set("tls-key-file", "server.key")
            .set("tls-ca-cert-file", "authority.crt")
            .set("tls-auth-clients", "yes")
    }

    /// Knows the users of this list, and the suite's own; each line is one of an `aclfile`.
    #[must_use]
    pub fn users(mut self, list: &str) -> Self {
        let (admin, secret) = ADMIN;
        self.acl = true;
        self.files.push(("users.acl".to_owned(), format!("user {admin} on >{secret} ~* &* +@all\n{list}\n")));
        self.set("aclfile", "users.acl")
    }

    /// Copies what this server has.
    #[must_use]
    pub fn replica_of(self, primary: &Redis) -> Self {
        self.set("replicaof", &format!("127.0.0.1 {}", primary.port))
    }

    /// Starts it and waits until it answers.
    pub async fn start(self) -> Redis {
        let mut said = String::new();
        for _ in 0..TRIES {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for (name, text) in &self.files {
                std::fs::write(folder.path().join(name), text).expect("the folder takes files");
            }
            let (port, tls_port) = (free_address().port(), free_address().port());
            let process = self.spawn(folder.path(), port, tls_port, 1);
            let mut redis = Redis { setup: self.clone(), process, port, tls_port, folder, starts: 1 };
            if redis.comes_up().await {
                return redis;
            }
            said = redis.process.stdout();
        }
        panic!("{} does not start\n{said}", self.program.display());
    }

    /// The value of a line of its configuration.
    fn value(&self, key: &str) -> String {
        self.lines.iter().find(|(has, _)| has == key).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// A file, so that no password is in a list of processes.
    fn configuration(&self, port: u16, tls_port: u16) -> String {
        let mut text = format!("port {port}\nbind 127.0.0.1\nprotected-mode no\nsave \"\"\nenable-debug-command local\n");
        if self.tls {
            writeln!(text, "tls-port {tls_port}").expect("a string takes text");
        }
        // A replica gets its copy at once. What is searched for canaries must not be compressed.
        text.push_str("repl-diskless-sync-delay 0\naof-use-rdb-preamble no\nrdbcompression no\n");
        for (key, value) in &self.lines {
            writeln!(text, "{key} {value}").expect("a string takes text");
        }
        text
    }

    fn spawn(&self, folder: &Path, port: u16, tls_port: u16, start: u32) -> Process {
        std::fs::write(folder.join("redis.conf"), self.configuration(port, tls_port)).expect("the folder takes files");
        let arguments = ["redis.conf".to_owned()];
        Process::start(&self.program, &arguments, &[], folder, &format!("redis-{start}"))
    }
}

impl Redis {
    /// One that loses nothing.
    pub async fn start() -> Self {
        RedisSetup::new().start().await
    }

    /// Where it listens, without TLS.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Where it takes TLS, if it was set up so.
    pub fn tls_address(&self) -> SocketAddr {
        assert!(self.setup.tls, "it takes no TLS");
        SocketAddr::from(([127, 0, 0, 1], self.tls_port))
    }

    /// What a gateway's configuration says.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again on what its disk holds, after a kill.
    pub async fn restart(&mut self) {
        let patience = tokio::time::Instant::now() + START;
        loop {
            assert!(!self.process.runs(), "kill it first");
            self.starts += 1;
            self.process = self.setup.spawn(self.folder.path(), self.port, self.tls_port, self.starts);
            if self.comes_up().await {
                return;
            }
            // Somebody's connection may have its port for a moment.
            assert!(tokio::time::Instant::now() < patience, "it does not start again\n{}", self.process.stdout());
        }
    }

    /// Starts it again as a copy of what this server has, after a kill; also when it is started anew later.
    pub async fn restart_as_replica_of(&mut self, primary: &Self) {
        self.setup = self.setup.clone().replica_of(primary);
        self.restart().await;
    }

    /// Starts it again with nothing of what it held, after a kill.
    pub async fn restart_empty(&mut self) {
        for entry in std::fs::read_dir(self.folder.path()).expect("it has a folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("appendonly") {
                std::fs::remove_dir_all(entry.path()).expect("a folder can be removed");
            } else if Path::new(&name).extension().is_some_and(|is| is == "rdb") {
                std::fs::remove_file(entry.path()).expect("a file can be removed");
            }
        }
        self.restart().await;
    }

    /// What it answers to a command, on a connection of its own: `WAIT` would wait for nothing. Panics on an error.
    pub async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_ask(words).await.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// The same where it may be gone, or say no.
    pub async fn try_ask<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        let login = if self.setup.acl { format!("{}:{}@", ADMIN.0, ADMIN.1) } else { String::new() };
        let client = redis::Client::open(format!("redis://{login}{}", self.address()))?;
        // A rewrite or a wait for replicas may take a while, and on a busy machine so may being let in.
        let patient = AsyncConnectionConfig::new().set_connection_timeout(Some(START)).set_response_timeout(Some(START));
        let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await?;
        let (name, arguments) = words.split_first().expect("a command has a name");
        redis::cmd(name).arg(arguments).query_async(&mut connection).await
    }

    /// A line of `INFO`.
    pub async fn info(&self, name: &str) -> String {
        let text: String = self.ask(&["INFO", "everything"]).await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("INFO has no {name}")).to_owned()
    }

    /// The names of all keys that look so, in their order.
    pub async fn keys(&self, pattern: &str) -> Vec<String> {
        let mut keys: Vec<String> = self.ask(&["KEYS", pattern]).await;
        keys.sort_unstable();
        keys
    }

    /// Panics if a canary is in any key, or in what rests on its disk once it was written anew.
    pub async fn holds_none(&self, canaries: &Canaries) {
        for key in self.keys("*").await {
            canaries.absent_from("the name of a key in Redis", key.as_bytes());
            canaries.absent_from(&format!("{key} in Redis"), self.content(&key).await.as_bytes());
        }
        if self.ask::<Vec<String>>(&["CONFIG", "GET", "appendonly"]).await.last().is_some_and(|on| on == "yes") {
            // One may be under way already, which would not have all of it.
            eventually("a rewrite begins", START, async || {
                self.try_ask::<String>(&["BGREWRITEAOF"]).await.ok().filter(|said| said.contains("started"))
            })
            .await;
            eventually("its file is written anew", START, async || {
                let idle = self.info("aof_rewrite_in_progress").await == "0";
                (idle && self.info("aof_rewrite_scheduled").await == "0").then_some(())
            })
            .await;
        }
        canaries.absent_from_folder(self.folder.path());
    }

    /// Everything in a key, as text.
    async fn content(&self, key: &str) -> String {
        let value: redis::Value = match self.ask::<String>(&["TYPE", key]).await.as_str() {
            "string" => self.ask(&["GET", key]).await,
            "hash" => self.ask(&["HGETALL", key]).await,
            "set" => self.ask(&["SMEMBERS", key]).await,
            "zset" => self.ask(&["ZRANGE", key, "0", "-1", "WITHSCORES"]).await,
            "list" => self.ask(&["LRANGE", key, "0", "-1"]).await,
            "stream" => self.ask(&["XRANGE", key, "-", "+"]).await,
            // Some expire; this one did since it was listed.
            "none" => return String::new(),
            other => panic!("{key} is a {other}"),
        };
        let mut text = String::new();
        spell(&value, &mut text);
        text
    }

    /// Whether it came to answer; not, if it ended before, as when something took its port.
    async fn comes_up(&mut self) -> bool {
        eventually("redis-server answers", START, async || {
            if !self.process.runs() {
                return Some(false);
            }
            self.try_ask::<String>(&["PING"]).await.ok().map(|_| true)
        })
        .await
    }
}

/// Texts in an answer, one a line.
fn spell(value: &redis::Value, text: &mut String) {
    match value {
        redis::Value::BulkString(bytes) => {
            text.push_str(&String::from_utf8_lossy(bytes));
            text.push('\n');
        }
        redis::Value::SimpleString(word) => {
            text.push_str(word);
            text.push('\n');
        }
        redis::Value::Array(values) | redis::Value::Set(values) => values.iter().for_each(|value| spell(value, text)),
        redis::Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
            spell(key, text);
            spell(value, text);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MARK;

    #[tokio::test]
    async fn it_keeps_what_its_disk_has_over_a_kill_and_can_be_emptied() {
        let mut redis = Redis::start().await;
        redis.ask::<String>(&["SET", "key", "value"]).await;
        redis.kill().await;
        redis.restart().await;
        assert_eq!(redis.ask::<String>(&["GET", "key"]).await, "value");
        assert_eq!(redis.info("aof_enabled").await, "1");
        redis.kill().await;
        redis.restart_empty().await;
        assert!(redis.keys("*").await.is_empty());
    }

    #[tokio::test]
    #[should_panic(expected = "stream in Redis holds")]
    async fn a_canary_in_any_kind_of_key_is_found() {
        let redis = Redis::start().await;
        redis.ask::<String>(&["XADD", "stream", "*", "field", &format!("{MARK} value")]).await;
        redis.holds_none(&Canaries::marked()).await;
    }

    #[tokio::test]
    #[should_panic(expected = "base.aof holds")]
    async fn a_canary_in_a_file_is_found() {
        let redis = Redis::start().await;
        redis.ask::<u64>(&["SADD", "set", "harmless"]).await;
        redis.holds_none(&Canaries::marked()).await;
        std::fs::write(redis.folder.path().join("left.base.aof"), MARK).unwrap();
        redis.holds_none(&Canaries::marked()).await;
    }

    #[tokio::test]
    async fn strangers_are_turned_away_and_the_suite_is_not() {
        let redis = RedisSetup::new().users("user default off").start().await;
        assert_eq!(redis.ask::<String>(&["ACL", "WHOAMI"]).await, ADMIN.0);
        let stranger = redis::Client::open(redis.url()).unwrap();
        let mut stranger = stranger.get_multiplexed_async_connection().await.unwrap();
        let refused = redis::cmd("PING").query_async::<String>(&mut stranger).await.unwrap_err();
        assert_eq!(refused.code(), Some("NOAUTH"));
    }

    #[tokio::test]
    async fn valkey_syncs_when_asked() {
        let redis = RedisSetup::valkey().everysec().start().await;
        let synced: (u32, u32) = redis.ask(&["WAITAOF", "0", "0", "100"]).await;
        assert_eq!(synced.1, 0);
    }
}
