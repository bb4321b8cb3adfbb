//! What was written: the tables of a configuration file, key by key.
//!
//! Every table refuses keys that it does not know; there is no `flatten` and no untagged enum, which would accept them in
//! silence. A key of a single table may be absent, as a layer below may hold it: the environment lies over the file, the
//! file over the defaults. What the keys mean together is left to `resolve` and `validate`; what each means stands in
//! `config.example.toml`, from which `json_schema` takes it.

mod forms;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LogFormat, OnPolicyChange, OnUnavailable, TokenPlace};

pub use forms::host;
pub(super) use forms::{
    ApiVersion, CollectorAddress, DatasetId, FilePath, HeaderName, Host, KeyPrefix, KeySource, Level, Listen, Network,
    Origin, PartnerAgent, PemPath, PolicySource, PrimaryName, ProxyAddress, RedisUser, SecretSource, SiteId,
};

/// The operational keys of Portcullis. A key that is left out has the default that stands in config.example.toml. What may leave
/// is decided by the policy that each site names.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Configuration of Portcullis")]
pub(super) struct Document {
    pub(super) server: Server,
    pub(super) admin: Admin,
    pub(super) meta: Meta,
    pub(super) outbox: Outbox,
    pub(super) redis: Redis,
    pub(super) identity: Identity,
    pub(super) suppression: Suppression,
    pub(super) subject_access: SubjectAccess,
    pub(super) dispatch: Dispatch,
    pub(super) log: Log,
    pub(super) telemetry: Telemetry,
    pub(super) site: Vec<Site>,
    pub(super) dataset: Vec<Dataset>,
}

impl Document {
    /// This layer, and below it another. Only the file has sites and datasets, so nothing is merged there.
    pub(super) fn over(mut self, below: Self) -> Self {
        self.site.extend(below.site);
        self.dataset.extend(below.dataset);
        Self {
            server: self.server.over(below.server),
            admin: self.admin.over(below.admin),
            meta: self.meta.over(below.meta),
            outbox: self.outbox.over(below.outbox),
            redis: self.redis.over(below.redis),
            identity: self.identity.over(below.identity),
            suppression: self.suppression.over(below.suppression),
            subject_access: self.subject_access.over(below.subject_access),
            dispatch: self.dispatch.over(below.dispatch),
            log: self.log.over(below.log),
            telemetry: self.telemetry.over(below.telemetry),
            site: self.site,
            dataset: self.dataset,
        }
    }

    /// The single tables alone.
    pub(super) fn single_tables(&self) -> Self {
        Self {
            server: self.server.clone(),
            admin: self.admin.clone(),
            meta: self.meta.clone(),
            outbox: self.outbox.clone(),
            redis: self.redis.clone(),
            identity: self.identity.clone(),
            suppression: self.suppression.clone(),
            subject_access: self.subject_access.clone(),
            dispatch: self.dispatch.clone(),
            log: self.log.clone(),
            telemetry: self.telemetry.clone(),
            site: Vec::new(),
            dataset: Vec::new(),
        }
    }
}

/// Declares a single table, of which each layer holds some keys.
macro_rules! single_table {
    ($(#[$doc:meta])* $table:ident { $($key:ident: $form:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct $table {
            $(
                // For a schema that knows no null, which TOML has not; `json_schema` says that any key may be left out.
                #[schemars(required)]
                pub(super) $key: Option<$form>,
            )*
        }

        impl $table {
            fn over(self, below: Self) -> Self {
                Self { $($key: self.$key.or(below.$key),)* }
            }

            /// The keys that another one has otherwise.
            pub(super) fn differences(&self, other: &Self) -> Vec<&'static str> {
                let keys = [$((stringify!($key), self.$key != other.$key),)*];
                keys.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
            }
        }
    };
}

single_table! {
    /// `[server]`: where callers connect, and how much they may take up.
    Server {
        listen: Listen,
        tls: Tls,
        behind_tls_proxy: bool,
        trusted_proxies: Vec<Network>,
        max_body_bytes: usize,
        max_in_flight_bytes: usize,
        max_unauthenticated_bytes: usize,
        admission_wait_ms: u64,
        header_timeout_secs: u64,
        body_timeout_secs: u64,
        max_connections: usize,
        stop_grace_secs: u64,
    }
}

/// `[server] tls`: a certificate and its key. Neither half is of use without the other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    /// The file of the certificate and of those between it and the root, in PEM form.
    pub(super) cert: PemPath,
    /// The file of its private key, in PEM form.
    pub(super) key: PemPath,
}

single_table! {
    /// `[admin]`: where metrics and health are read.
    Admin {
        listen: Listen,
        allow_remote: bool,
    }
}

single_table! {
    /// `[meta]`: how Meta is reached.
    Meta {
        base_url: Origin,
        allow_other_host: bool,
        api_version: ApiVersion,
        ca_file: FilePath,
        proxy: ProxyAddress,
        token_in: TokenPlace,
        partner_agent: PartnerAgent,
        connect_timeout_secs: u64,
        request_timeout_secs: u64,
    }
}

single_table! {
    /// `[outbox]`: where accepted events are kept until Meta has them.
    Outbox {
        backend: BackendWord,
        path: FilePath,
        max_bytes: u64,
        encryption_key: SecretSource,
        previous_encryption_keys: Vec<SecretSource>,
        deduplicate_hours: u64,
        deduplicate_max_events: u64,
    }
}

/// The words for back ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BackendWord {
    /// SQLite, in the file that `path` names.
    Embedded,
    /// A Redis that several gateways share, and SQLite for what it cannot take.
    Redis,
    /// Not durable: what waits is lost at a stop. For comparison only.
    Memory,
}

single_table! {
    /// `[redis]`: the Redis that several gateways share.
    Redis {
        url: SecretSource,
        topology: TopologyWord,
        sentinel_primary: PrimaryName,
        username: RedisUser,
        password: SecretSource,
        ca_file: FilePath,
        client_cert: PemPath,
        client_key: PemPath,
        prefix: KeyPrefix,
        require_durable: bool,
        replicas: u32,
        on_unavailable: OnUnavailable,
        connect_timeout_ms: u64,
        command_timeout_ms: u64,
    }
}

/// What the address of `[redis]` leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TopologyWord {
    /// The server itself.
    Single,
    /// Sentinels, which know where the primary is.
    Sentinel,
    /// Nodes of a cluster.
    Cluster,
}

single_table! {
    /// `[identity]`: what pseudonyms are made with.
    Identity {
        pseudonym_key: SecretSource,
    }
}

single_table! {
    /// `[suppression]`: where it is kept who must not be sent.
    Suppression {
        path: FilePath,
        key: SecretSource,
    }
}

single_table! {
    /// `[subject_access]`: what is recorded of deliveries, for people who ask what was sent about them.
    SubjectAccess {
        retention_days: u32,
        max_rows: u64,
        key: SecretSource,
    }
}

single_table! {
    /// `[dispatch]`: how events are sent to Meta.
    Dispatch {
        linger_ms: u64,
        max_batch_events: usize,
        max_batch_bytes: usize,
        max_requests: usize,
        lease_secs: u64,
        backoff_min_ms: u64,
        backoff_max_ms: u64,
        on_policy_change: OnPolicyChange,
    }
}

single_table! {
    /// `[log]`: what the log looks like.
    Log {
        format: LogFormat,
        level: Level,
    }
}

single_table! {
    /// `[telemetry]`: to whom traces go.
    Telemetry {
        endpoint: CollectorAddress,
        headers: BTreeMap<HeaderName, SecretSource>,
        sample_permille: u64,
        timeout_secs: u64,
    }
}

/// `[[site]]`: a sender, one table for each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    pub(super) id: SiteId,
    pub(super) policy: PolicySource,
    #[schemars(length(min = 1))]
    pub(super) datasets: Vec<DatasetId>,
    #[schemars(length(min = 1))]
    pub(super) hosts: Vec<Host>,
    #[schemars(length(min = 1))]
    pub(super) keys: Vec<KeySource>,
    #[schemars(with = "RateLimit")]
    #[serde(default)]
    pub(super) rate_limit: Option<RateLimit>,
}

/// How many events a site may send. Neither half is of use without the other.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RateLimit {
    /// Events a second that it may send for as long as it likes.
    pub(super) events_per_sec: u32,
    /// Events that it may send at once after a pause.
    pub(super) burst: u32,
}

/// `[[dataset]]`: a receiver at Meta, one table for each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Dataset {
    pub(super) id: DatasetId,
    // Needed, but asked for where the dataset can be named.
    #[schemars(required)]
    pub(super) access_token: Option<SecretSource>,
    #[schemars(with = "SecretSource")]
    #[serde(default)]
    pub(super) app_secret: Option<SecretSource>,
    #[serde(default)]
    pub(super) allow_test_events: bool,
}
