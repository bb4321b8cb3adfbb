//! Meta, as far as the gateway can tell: the executable's own strict simulator, in a process of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;
use crate::{Answer, Client, DATASET, Executable, Request, Signal, TOKEN};

/// A running simulator.
#[derive(Debug)]
pub struct Meta {
    process: Process,
    address: SocketAddr,
    _folder: TempDir,
}

/// How an `event_id` came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// How often.
    pub times: u64,
    /// When first, in milliseconds since 1970.
    pub first_ms: u64,
}

/// One event as the simulator took it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// To which dataset.
    pub dataset: String,
    /// What the request said for all its events.
    pub envelope: Value,
    /// The event.
    pub event: Value,
    /// When it came, in milliseconds since 1970.
    pub arrived_ms: u64,
}

impl Meta {
    /// Starts one on a free port that knows the dataset and token of [`crate::Setup`].
    pub async fn start(executable: &Executable) -> Self {
        Self::start_with(executable, &[]).await
    }

    /// The same, with more datasets and their tokens.
    pub async fn start_with(executable: &Executable, more: &[(&str, &str)]) -> Self {
        let tokens = [(DATASET, TOKEN)].iter().chain(more).map(|(dataset, token)| format!("{dataset}={token}"));
        let mut arguments = vec!["--keep".to_owned(), "200000".to_owned()];
        arguments.extend(tokens.flat_map(|token| ["--token".to_owned(), token]));
        Self::start_as(executable, arguments).await
    }

    /// One that checks and remembers nothing of events but how many came, for measurements.
    pub async fn start_to_count(executable: &Executable) -> Self {
        Self::start_as(executable, vec!["--count-only".to_owned()]).await
    }

    /// One that remembers so many ids, and of the events themselves only the last thousand.
    pub async fn start_for_many(executable: &Executable, ids: u64) -> Self {
        let ids = ids.to_string();
        let arguments = ["--keep", "1000", "--keep-ids", &ids, "--token", TOKEN];
        Self::start_as(executable, arguments.map(str::to_owned).to_vec()).await
    }

    async fn start_as(executable: &Executable, more: Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // What it leaves to chance is the same in every run, so that a run can be repeated.
        let mut arguments = ["meta-simulator", "--listen", "127.0.0.1:0", "--seed", "1"].map(str::to_owned).to_vec();
        arguments.extend(more);
        let mut process = Process::start(executable.path(), &arguments, &[], folder.path(), "simulator");
        let address = process
            .wait_for("its address", |text| {
                let address = text.lines().find_map(|line| line.split_once("http://"))?.1;
                address.trim().trim_end_matches('/').parse().ok()
            })
            .await;
        Self { process, address, _folder: folder }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every event that it took.
    pub async fn events(&self) -> Vec<Sent> {
        let text = self.get("/_simulator/events").await.text();
        text.lines().filter(|line| !line.is_empty()).map(sent).collect()
    }

    /// How often each `event_id` was taken.
    pub async fn ids(&self) -> BTreeMap<String, u64> {
        self.arrivals().await.into_iter().map(|(id, arrival)| (id, arrival.times)).collect()
    }

    /// How each `event_id` came.
    pub async fn arrivals(&self) -> BTreeMap<String, Arrival> {
        let text = self.get("/_simulator/ids").await.text();
        let mut arrivals: BTreeMap<String, Arrival> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let [_dataset, _name, id, times, first_ms] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("not a line of ids: {line}");
            };
            let (times, first_ms): (u64, u64) = (times.parse().expect("a count"), first_ms.parse().expect("a time"));
            let arrival = arrivals.entry(id.to_owned()).or_insert(Arrival { times: 0, first_ms });
            arrival.times += times;
            arrival.first_ms = arrival.first_ms.min(first_ms);
        }
        arrivals
    }

    /// How many requests it had, answered or not.
    pub async fn requests(&self) -> u64 {
        self.get("/_simulator/ledger").await.json()["requests"].as_u64().expect("a count")
    }

    /// How many of them met a scripted fault.
    pub async fn struck(&self) -> u64 {
        self.get("/_simulator/ledger").await.json()["faults"].as_u64().expect("a count")
    }

    /// What it noted of every request, as text.
    pub async fn ledger(&self) -> String {
        self.get("/_simulator/ledger").await.text()
    }

    /// How many events it took.
    pub async fn count(&self) -> u64 {
        self.get("/_simulator/ledger").await.json()["events"].as_u64().expect("a count")
    }

    /// Answers the next requests with faults, as `POST /_simulator/faults` takes them.
    pub async fn faults(&self, faults: &Value) {
        let request = Request::post("/_simulator/faults", "application/json", faults.to_string());
        let answer = Client::new(self.address).send(&request).await.expect("the simulator answers");
        assert!(answer.is_success(), "the simulator does not take these faults: {}", answer.text());
    }

    /// Back to normal.
    pub async fn no_faults(&self) {
        let request = Request::new("DELETE", "/_simulator/faults");
        let answer = Client::new(self.address).send(&request).await.expect("the simulator answers");
        assert!(answer.is_success(), "{}", answer.text());
    }

    /// Ends it. No custom property may have come: no built-in policy names one.
    pub async fn finish(self) {
        self.finish_with_custom_properties(&[]).await;
    }

    /// Ends it. Of the keys that Meta does not document, these and no others may have come in `custom_data`.
    pub async fn finish_with_custom_properties(mut self, named: &[&str]) {
        let ledger: Value = serde_json::from_str(&self.ledger().await).expect("the ledger is JSON");
        let came = ledger["custom_properties"].as_object().expect("custom properties are counted");
        let unnamed: Vec<&String> = came.keys().filter(|name| !named.contains(&name.as_str())).collect();
        assert!(unnamed.is_empty(), "Meta received custom properties that no policy names: {unnamed:?}");
        self.process.signal(Signal::Terminate).await;
        self.process.ended(Duration::from_secs(20)).await;
    }

    async fn get(&self, target: &str) -> Answer {
        let answer = Client::new(self.address).get(target).await.expect("the simulator answers");
        assert!(answer.is_success(), "{target}: {}", answer.text());
        answer
    }
}

fn sent(line: &str) -> Sent {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not a line of events: {line}"));
    let dataset = value["dataset"].as_str().expect("a dataset").to_owned();
    let arrived_ms = value["arrived_ms"].as_u64().expect("a time");
    Sent { dataset, envelope: value["envelope"].clone(), event: value["event"].clone(), arrived_ms }
}
