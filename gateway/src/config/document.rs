//! What was written: the tables of a configuration file, key by key.
//!
//! Every table refuses keys that it does not know; there is no `flatten` and no untagged enum, which would accept them in
//! silence. A key of a single table may be absent, as a layer below may hold it: the environment lies over the file, the
//! file over the defaults. What the keys mean together is left to `resolve` and `validate`.

mod forms;

use serde::Deserialize;

use super::{LogFormat, OnPolicyChange, TokenPlace};

pub(super) use forms::{
    ApiVersion, DatasetId, FilePath, Host, KeySource, Level, Listen, Network, Origin, PartnerAgent, PemPath, PolicySource,
    ProxyAddress, SecretSource, SiteId,
};

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Document {
    pub(super) server: Server,
    pub(super) admin: Admin,
    pub(super) meta: Meta,
    pub(super) outbox: Outbox,
    pub(super) identity: Identity,
    pub(super) dispatch: Dispatch,
    pub(super) log: Log,
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
            identity: self.identity.over(below.identity),
            dispatch: self.dispatch.over(below.dispatch),
            log: self.log.over(below.log),
            site: self.site,
            dataset: self.dataset,
        }
    }
}

/// Declares a single table, of which each layer holds some keys.
macro_rules! single_table {
    ($(#[$doc:meta])* $table:ident { $($key:ident: $form:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct $table {
            $(pub(super) $key: Option<$form>,)*
        }

        impl $table {
            fn over(self, below: Self) -> Self {
                Self { $($key: self.$key.or(below.$key),)* }
            }
        }
    };
}

single_table! {
    /// `[server]`
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

/// `[server] tls`. Neither half is of use without the other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) cert: PemPath,
    pub(super) key: PemPath,
}

single_table! {
    /// `[admin]`
    Admin {
        listen: Listen,
        allow_remote: bool,
    }
}

single_table! {
    /// `[meta]`
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
    /// `[outbox]`
    Outbox {
        backend: BackendWord,
        path: FilePath,
        max_bytes: u64,
    }
}

/// The words for back ends. `redis` is known so that the answer to it can be better than "unknown word".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BackendWord {
    Embedded,
    Memory,
    Redis,
}

single_table! {
    /// `[identity]`
    Identity {
        pseudonym_key: SecretSource,
    }
}

single_table! {
    /// `[dispatch]`
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
    /// `[log]`
    Log {
        format: LogFormat,
        level: Level,
    }
}

/// `[[site]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    pub(super) id: SiteId,
    pub(super) policy: PolicySource,
    pub(super) datasets: Vec<DatasetId>,
    pub(super) hosts: Vec<Host>,
    pub(super) keys: Vec<KeySource>,
}

/// `[[dataset]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dataset {
    pub(super) id: DatasetId,
    // Needed, but asked for where the dataset can be named.
    pub(super) access_token: Option<SecretSource>,
    pub(super) app_secret: Option<SecretSource>,
    #[serde(default)]
    pub(super) allow_test_events: bool,
}
