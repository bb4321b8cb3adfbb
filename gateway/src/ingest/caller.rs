//! Who calls: the address of a connection, or what a trusted proxy says of it.
//!
//! It serves two ends. The log names who shows a key that is none, at most once a minute each. And a request that a proxy received
//! over http is refused, since its key travelled readable. On CAPI paths the caller is a site's server, never a person's device,
//! so its address becomes no part of an event, of consent or of residence.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::config::Server;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// How often a caller is named in the log.
const PAUSE_MS: u64 = 60_000;
/// Callers who are remembered for that; further ones are not named, so that strangers can fill neither memory nor log.
const MOST_CALLERS: usize = 256;

/// A request's caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) address: IpAddr,
    /// Whether a proxy says that the request came to it over http.
    pub(super) came_readable: bool,
}

/// Finds callers, and names those whose keys are refused.
#[derive(Debug)]
pub(super) struct Callers {
    trusted: Vec<IpNet>,
    behind_tls_proxy: bool,
    /// When each was named last.
    named: Mutex<HashMap<IpAddr, u64>>,
}

impl Callers {
    pub(super) fn new(server: &Server) -> Self {
        Self { trusted: server.trusted_proxies.clone(), behind_tls_proxy: server.behind_tls_proxy, named: Mutex::default() }
    }

    /// Who sent this. Headers count only if the connection itself is a trusted proxy's.
    pub(super) fn of(&self, request: &Request) -> Caller {
        let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = connection.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip().to_canonical());
        if !self.trusts(peer) {
            return Caller { address: peer, came_readable: false };
        }
        let headers = request.headers();
        Caller { address: self.behind(peer, headers), came_readable: self.behind_tls_proxy && came_over_http(headers) }
    }

    /// Says whose key was refused, and why.
    pub(super) fn refused(&self, caller: Caller, now_ms: u64, reason: &str) {
        if self.is_to_be_named(caller.address, now_ms) {
            tracing::warn!(caller = %caller.address, reason, "a key was refused");
        }
    }

    /// The last hop that is no proxy of ours. Each proxy adds whom it saw at the end, so what stands before a stranger is only what
    /// that stranger claims; and where a hop cannot be read, the one after it is the last that is known.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut last = peer;
        for value in headers.get_all(FORWARDED_FOR).iter().rev() {
            let Ok(hops) = value.to_str() else { return last };
            for hop in hops.rsplit(',') {
                let Some(address) = address(hop.trim()) else { return last };
                last = address;
                if !self.trusts(address) {
                    return last;
                }
            }
        }
        last
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    fn is_to_be_named(&self, address: IpAddr, now_ms: u64) -> bool {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() >= MOST_CALLERS && !named.contains_key(&address) {
            // A clock that was set back forgets as well.
            named.retain(|_, then| *then <= now_ms && now_ms - *then < PAUSE_MS);
            if named.len() >= MOST_CALLERS {
                return false;
            }
        }
        let due = named.get(&address).is_none_or(|then| now_ms.abs_diff(*then) >= PAUSE_MS);
        if due {
            named.insert(address, now_ms);
        }
        due
    }
}

/// A hop, with its port or without: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()));
    address.map(|address| address.to_canonical())
}

/// Whether the nearest proxy says so. What stands before its word in a list came from further away and can be made up.
fn came_over_http(headers: &HeaderMap) -> bool {
    let said = headers.get_all(FORWARDED_PROTO).iter().next_back().and_then(|value| value.to_str().ok());
    said.and_then(|said| said.rsplit(',').next()).is_some_and(|word| word.trim().eq_ignore_ascii_case("http"))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn callers(trusted: &[&str], behind_tls_proxy: bool) -> Callers {
        let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        Callers { trusted, behind_tls_proxy, named: Mutex::default() }
    }

    fn request(peer: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = axum::http::Request::new(Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        for (name, value) in headers {
            let name: axum::http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        request
    }

    fn found(peer: &str, forwarded_for: &[&str]) -> String {
        let headers: Vec<_> = forwarded_for.iter().map(|value| (FORWARDED_FOR, *value)).collect();
        callers(&["10.0.0.0/8", "2001:db8:1::/48"], true).of(&request(peer, &headers)).address.to_string()
    }

    #[test]
    fn the_caller_is_the_last_hop_that_is_no_proxy_of_ours() {
        for (forwarded_for, caller) in [
            (&["192.0.2.7"][..], "192.0.2.7"),
            (&["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
            (&["192.0.2.7, 10.9.9.9"], "192.0.2.7"),
            (&["192.0.2.7,10.9.9.9,\t10.1.1.1"], "192.0.2.7"),
            (&["198.51.100.1", "192.0.2.7, 10.9.9.9", "10.1.1.1"], "192.0.2.7"),
            (&["192.0.2.7:4711"], "192.0.2.7"),
            (&["2001:db8:2::7, [2001:db8:1::1]:443"], "2001:db8:2::7"),
            (&["[2001:db8:2::7]"], "2001:db8:2::7"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            (&["10.9.9.9, 10.1.1.1"], "10.9.9.9"),
            (&[], PROXY),
        ] {
            assert_eq!(found(PROXY, forwarded_for), caller, "{forwarded_for:?}");
        }
        assert_eq!(found("::ffff:10.0.0.1", &["192.0.2.7"]), "192.0.2.7", "a listener on [::] sees IPv4 so");
    }

    #[test]
    fn what_is_no_address_ends_the_walk_at_the_last_that_is_known() {
        for (forwarded_for, caller) in [
            ("unknown", PROXY),
            ("", PROXY),
            ("192.0.2.7, ", PROXY),
            ("192.0.2.7, unknown, 10.9.9.9", "10.9.9.9"),
            ("192.0.2.7, _hidden", PROXY),
            ("192.0.2.7, 192.0.2", PROXY),
            // A value that is no text is not read in part.
            ("192.0.2.7\u{fffd}, 10.9.9.9", PROXY),
            ("999.1.1.1", PROXY),
            ("[::1", PROXY),
        ] {
            let value = axum::http::HeaderValue::from_bytes(forwarded_for.as_bytes()).unwrap();
            let mut asked = request(PROXY, &[]);
            asked.headers_mut().append(FORWARDED_FOR, value);
            assert_eq!(callers(&["10.0.0.0/8"], true).of(&asked).address.to_string(), caller, "{forwarded_for:?}");
        }
    }

    #[test]
    fn who_is_not_trusted_sets_neither_address_nor_scheme() {
        let headers = [(FORWARDED_FOR, "192.0.2.7"), (FORWARDED_PROTO, "http")];
        for (trusted, peer) in [(&["10.0.0.0/8"][..], "203.0.113.9"), (&[], PROXY), (&["10.0.0.2/32"], PROXY)] {
            let caller = callers(trusted, true).of(&request(peer, &headers));
            assert_eq!(caller, Caller { address: peer.parse().unwrap(), came_readable: false });
        }
    }

    #[test]
    fn a_request_came_readable_if_the_nearest_proxy_says_http_and_tls_should_end_there() {
        for (words, readable) in [
            (&["http"][..], true),
            (&["HTTP "], true),
            (&["https, http"], true),
            (&["https", "http"], true),
            (&["https"], false),
            (&["http, https"], false),
            (&["wss"], false),
            (&[], false),
        ] {
            let headers: Vec<_> = words.iter().map(|word| (FORWARDED_PROTO, *word)).collect();
            let asked = request(PROXY, &headers);
            assert_eq!(callers(&["10.0.0.0/8"], true).of(&asked).came_readable, readable, "{words:?}");
            assert!(!callers(&["10.0.0.0/8"], false).of(&asked).came_readable, "{words:?}");
        }
    }

    #[test]
    fn a_caller_is_named_once_a_minute_and_not_all_of_them() {
        let callers = callers(&[], false);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(callers.is_to_be_named(one, 0));
        assert!(!callers.is_to_be_named(one, PAUSE_MS - 1));
        assert!(callers.is_to_be_named(one, PAUSE_MS));
        let crowd = |now: u64| {
            let addresses = (0..u32::try_from(2 * MOST_CALLERS).unwrap()).map(|n| IpAddr::from(Ipv4Addr::from(n)));
            addresses.filter(|address| callers.is_to_be_named(*address, now)).count()
        };
        assert_eq!(crowd(PAUSE_MS), MOST_CALLERS - 1);
        assert_eq!(callers.named.lock().unwrap().len(), MOST_CALLERS);
        assert_eq!(crowd(2 * PAUSE_MS), MOST_CALLERS);
    }
}
