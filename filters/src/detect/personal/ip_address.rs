//! IP addresses in texts. An event's own field for one is another matter: its policy says whether it leaves.

use std::net::Ipv6Addr;

use super::digits::number;
use super::keyed::Keyed;
use super::shape::{Found, Reach, Shape};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // IPv4. Digits may touch it: a site glues what it likes to a number.
    Shape {
        reason: Reason::IpAddress,
        reach: Reach::HealthIds,
        pattern: r"([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})",
        holds: is_v4,
    },
    // IPv6.
    Shape {
        reason: Reason::IpAddress,
        reach: Reach::HealthIds,
        pattern: r"([0-9a-f]{1,4}:[0-9a-f:]{3,36}[0-9a-f:])",
        holds: is_v6,
    },
];

pub(super) const KEYED: &[Keyed] = &[Keyed {
    reason: Reason::IpAddress,
    keys: "ip, ip address, ip addr, client ip, remote addr, x forwarded for, user ip",
    from: Setting::Retail,
    holds: |value| value.parse::<std::net::IpAddr>().is_ok(),
}];

/// Four octets, but for what versions look like: after a slash or a v, one digit each, or noughts but for the first.
fn is_v4(found: Found<'_>) -> bool {
    let mut octets = [0; 4];
    for (place, part) in octets.iter_mut().zip(found.text.split(|byte| *byte == b'.')) {
        let Some(octet) = number(part).filter(|octet| *octet < 256) else { return false };
        *place = octet;
    }
    let [first, rest @ ..] = octets;
    let is_version = is_after_version(found.before) || octets.iter().all(|octet| *octet < 10) || rest == [0; 3];
    (1..224).contains(&first) && !is_version
}

/// `Chrome/120.0.6099.43`, `v10.12.13.14`, `version 10.12.13.14`; not `https://203.0.113.9`.
fn is_after_version(before: &[u8]) -> bool {
    let number = before.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let before = before.get(..before.len().saturating_sub(number)).unwrap_or_default();
    let word = before.get(before.len().saturating_sub(8)..).unwrap_or_default().to_ascii_lowercase();
    !word.ends_with(b"//") && (word.ends_with(b"/") || word.ends_with(b"v") || word == b"version ")
}

/// Eight groups, or three and more around `::`; times and addresses of cards are none. Up to three digits may touch its end.
fn is_v6(found: Found<'_>) -> bool {
    (0..=3).any(|glued| {
        let text = found.text.get(..found.text.len().saturating_sub(glued)).unwrap_or_default();
        let groups = text.split(|byte| *byte == b':').filter(|group| !group.is_empty()).count();
        groups >= 3 && std::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_key, hits_text, passes_id, passes_text};
    use super::*;

    #[test]
    fn addresses_are_found() {
        for text in [
            "203.0.113.9",
            "12203.0.113.9",
            "122a02:8109:ab12:cd34::ef5612",
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
            "Edg/120.1.2.33",
            "1.2.3",
        ] {
            passes_text(text);
        }
        passes_id("203.0.113.9");
    }
}
