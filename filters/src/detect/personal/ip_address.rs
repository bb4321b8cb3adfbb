//! IP addresses in texts. An event's own field for one is another matter: its policy says whether it leaves.

use std::net::Ipv6Addr;

use super::digits::number;
use super::keyed::Keyed;
use super::shape::{Found, Reach, Shape};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "IPv4",
        reason: Reason::IpAddress,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^0-9.])([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?:$|[^0-9])",
        holds: is_v4,
    },
    Shape {
        name: "IPv6",
        reason: Reason::IpAddress,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z0-9:])([0-9a-f]{1,4}:[0-9a-f:]{3,34}[0-9a-f:])(?:$|[^a-z0-9:])",
        holds: is_v6,
    },
];

pub(super) const KEYED: &[Keyed] = &[Keyed {
    reason: Reason::IpAddress,
    keys: &["ip", "ip address", "ip addr", "client ip", "remote addr", "x forwarded for", "user ip"],
    from: Setting::Retail,
    holds: |value| value.parse::<std::net::IpAddr>().is_ok(),
}];

/// Four octets, but for what versions look like: after a slash or a v, one digit each, or noughts at the end.
fn is_v4(found: Found<'_>) -> bool {
    let mut octets = [0; 4];
    for (place, part) in octets.iter_mut().zip(found.text.split(|byte| *byte == b'.')) {
        let Some(octet) = number(part).filter(|octet| *octet < 256) else { return false };
        *place = octet;
    }
    let is_version = matches!(found.before.last(), Some(b'/' | b'v' | b'V')) && !found.before.ends_with(b"//")
        || found.before.to_ascii_lowercase().ends_with(b"version ");
    let [first, second, third, fourth] = octets;
    let is_small = octets.iter().all(|octet| *octet < 10);
    !is_version && !is_small && (1..224).contains(&first) && !(third == 0 && fourth == 0 && second == 0)
}

/// Eight groups, or fewer around `::` of which four are left; times and addresses of cards are none.
fn is_v6(found: Found<'_>) -> bool {
    let groups = found.text.split(|byte| *byte == b':').filter(|group| !group.is_empty()).count();
    let text = std::str::from_utf8(found.text).unwrap_or_default();
    groups >= 3 && text.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_key, hits_text, passes_id, passes_text};
    use super::*;

    #[test]
    fn addresses_are_found() {
        for text in [
            "203.0.113.9",
            "ip=203.0.113.9;",
            "from 10.1.2.200",
            "https://203.0.113.9/",
            "2001:db8::8a2e:370:7334",
            "[2001:db8:0:0:1:2:3:4]",
        ] {
            hits_text(Reason::IpAddress, text);
        }
        hits_key(Reason::IpAddress, "clientIp", "1.1.1.1");
    }

    #[test]
    fn versions_and_times_are_none() {
        for text in [
            "1.2.3.4",
            "Chrome/120.0.6099.43",
            "Chrome/120.0.0.0",
            "v10.12.13.14",
            "300.1.1.1",
            "10:20:30",
            "a::b",
            "12.5.2026",
            "1.20.300.4.5",
        ] {
            passes_text(text);
        }
        passes_id("203.0.113.9");
    }
}
