//! Where data may go: an address that was checked once and cannot be made otherwise.

use url::{Host, Url};

/// The only host that needs no permission.
const META: &str = "graph.facebook.com";

/// An address that was checked: https, or http to loopback, a host that may be used, a version of Meta's form.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub(crate) base_url: Url,
    pub(crate) api_version: String,
}

/// Why nothing may be sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum EndpointError {
    /// Tokens and events would travel readable.
    #[error("http is possible to loopback alone; use https")]
    Readable,
    /// Perhaps a typo, perhaps somebody else's server.
    #[error("the host is not graph.facebook.com; if that is meant, set allow_other_host = true")]
    OtherHost,
}

impl Endpoint {
    pub(super) fn new(base_url: Url, api_version: String, allow_other_host: bool) -> Result<Self, EndpointError> {
        if base_url.scheme() != "https" && !is_loopback(&base_url) {
            return Err(EndpointError::Readable);
        }
        if base_url.host_str() != Some(META) && !allow_other_host {
            return Err(EndpointError::OtherHost);
        }
        Ok(Self { base_url, api_version })
    }
}

// `localhost` is left out: what it resolves to is not in our hands.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}
