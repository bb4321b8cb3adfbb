//! A running child. Its output goes to files, so nothing is lost and nothing fills a pipe; a dropped child is killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use tokio::process::{Child, Command};

use crate::{Settings, eventually};

/// A signal that asks a process for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// What an init system sends.
    Terminate,
    /// What Ctrl-C sends.
    Interrupt,
    /// What asks a service to read its configuration again.
    Hangup,
}

/// A child process and the files that hold its output.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Process {
    /// Starts a program in an empty environment but for `PATH` and `environment`.
    pub fn start(program: &Path, arguments: &[String], environment: &[(String, String)], folder: &Path, name: &str) -> Self {
        let stdout = folder.join(format!("{name}.stdout"));
        let stderr = folder.join(format!("{name}.stderr"));
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", Settings::path())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&stdout).expect("the folder takes files"))
            .stderr(std::fs::File::create(&stderr).expect("the folder takes files"))
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
        Self { child, name: name.to_owned(), stdout, stderr }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the process runs")
    }

    /// Everything on standard output so far.
    pub fn stdout(&self) -> String {
        read(&self.stdout)
    }

    /// Everything on standard error so far.
    pub fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Waits for output in which `find` finds something. Panics with all output if the process ends first.
    pub async fn wait_for<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let found = self.find(what, find).await;
        found.unwrap_or_else(|| panic!("{} ended before: {what}\n{}\n{}", self.name, self.stdout(), self.stderr()))
    }

    /// The same, and nothing if the process ends first.
    pub async fn find<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let name = self.name.clone();
        eventually(&format!("{name}: {what}"), Duration::from_secs(60), async || {
            let ended = self.child.try_wait().expect("a child can be asked").is_some();
            match find(&self.stdout()).or_else(|| find(&self.stderr())) {
                Some(found) => Some(Some(found)),
                None => ended.then_some(None),
            }
        })
        .await
    }

    /// Sends a signal. By way of the shell, since the standard library has none and unsafe code is forbidden here.
    pub async fn signal(&self, signal: Signal) {
        let Some(pid) = self.child.id() else { return };
        let signal = match signal {
            Signal::Terminate => "TERM",
            Signal::Interrupt => "INT",
            Signal::Hangup => "HUP",
        };
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status().await;
        assert!(sent.expect("a shell can be started").success(), "{} takes no signal", self.name);
    }

    /// Waits for the end and gives the exit code; `None` in it if a signal ended the process.
    pub async fn ended(&mut self, within: Duration) -> Option<i32> {
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        let Ok(status) = ended else {
            panic!("{} did not end within {within:?}\n{}", self.name, last_lines(&self.stderr()));
        };
        status.expect("a child can be waited for").code()
    }

    /// Ends it as a power cut would: kill -9.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("a child can be killed");
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_none()
    }

    /// Memory in use, in KiB, as the kernel counts it.
    pub fn resident_kib(&self) -> u64 {
        self.kib("VmRSS:")
    }

    /// The most that ever was, so that nobody has to look at the right moment.
    pub fn peak_kib(&self) -> u64 {
        self.kib("VmHWM:")
    }

    /// The CPU time that it took so far, as the kernel counts it.
    pub fn cpu(&self) -> Duration {
        let stat = read(Path::new(&format!("/proc/{}/stat", self.id())));
        // The name, in parentheses, may hold spaces. After it, user and system time are columns 12 and 13.
        let columns = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = columns.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number of ticks")).sum();
        Duration::from_millis(ticks * 1000 / clock_ticks_per_second())
    }

    fn kib(&self, name: &str) -> u64 {
        let pid = self.id();
        let status = read(Path::new(&format!("/proc/{pid}/status")));
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
}
