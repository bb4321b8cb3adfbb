//! Keys, tokens and sessions: by the prefixes that those who give them out chose, and under keys. What a signed token holds is
//! looked at as well, because unwrapping shows it.

use super::keyed::Keyed;
use super::shape::{Reach, Shape, always};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // JWT.
    Shape {
        reason: Reason::Credential,
        reach: Reach::Everywhere,
        pattern: r"(eyj[a-z0-9_-]{8,}\.(?:eyj[a-z0-9_-]{4,}|[a-z0-9_-]{16,}\.)|eyj(?:hbgcioi|0exaioi|rawqioi)[a-z0-9_-]+)",
        holds: always,
    },
    // Key with a prefix.
    Shape {
        reason: Reason::Credential,
        reach: Reach::Everywhere,
        pattern: concat!(
            r"(?:^|[^a-z0-9])((?-i:sk-(?:proj|ant|or)-[A-Za-z0-9_-]{16,}|whsec_[A-Za-z0-9]{16,}|gh[orsu]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|",
            r"xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}|",
            r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|EAA[A-Za-z0-9]{60,}|hvs\.[A-Za-z0-9_-]{20,}|dop_v1_[0-9a-f]{40,}|sq0[a-z]{3}-[A-Za-z0-9_-]{20,}))"
        ),
        holds: always,
    },
    // Key with a prefix that no random id has, in any case and whatever touches it.
    Shape {
        reason: Reason::Credential,
        reach: Reach::Everywhere,
        pattern: r"([srp]k_(?:live|test)_[a-z0-9]{10,}|ghp_[a-z0-9]{30,}|(?-i:AKIA[0-9A-Z]{16}))",
        holds: always,
    },
    // Key of Amazon in any case.
    Shape {
        reason: Reason::Credential,
        reach: Reach::Everywhere,
        pattern: r"(?:^|[^a-z])(a[ks]ia[0-9a-z]{16})(?:$|[^a-z0-9]|[0-9]{1,3}(?:$|[^a-z0-9]))",
        holds: |found| found.text.iter().any(u8::is_ascii_digit),
    },
    // Header of a credential.
    Shape {
        reason: Reason::Credential,
        reach: Reach::Everywhere,
        pattern: r"((?:bearer[ _.+-]?|(?:^|[^a-z])basic )[a-z0-9+/._~=-]{16,})",
        holds: |found| {
            // Of random tokens of 32 characters one in three hundred has no digit.
            let begins_again = |pair: &&[u8]| matches!(pair, [b'a'..=b'z', b'A'..=b'Z']);
            found.text.iter().any(u8::is_ascii_digit) || found.text.windows(2).filter(begins_again).count() >= 4
        },
    },
    // Private key.
    Shape {
        reason: Reason::Credential,
        reach: Reach::Everywhere,
        pattern: r"(-----begin [a-z ]*private key)",
        holds: always,
    },
    // Password in an address.
    Shape { reason: Reason::Credential, reach: Reach::Everywhere, pattern: r"://([^/\s:@?#]+:[^/\s@?#]+@)", holds: always },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::Credential,
        keys: "token, access token, refresh token, id token, auth token, session, session id, session token, sid, sess, \
             auth, authorization, password, passwd, pwd, passcode, secret, client secret, api key, apikey, private key, \
             otp, pin, one time code, verification code, reset, reset token, jwt, cookie, csrf, nonce, magic link, \
             phpsessid, jsessionid",
        from: Setting::Retail,
        holds: |value| {
            value.len() >= 4
                && !value.contains(' ')
                && value.bytes().any(|byte| byte.is_ascii_digit() || !byte.is_ascii_alphanumeric())
        },
    },
    Keyed {
        reason: Reason::Credential,
        // A code of a coupon is short.
        keys: "code, auth code, state",
        from: Setting::Retail,
        holds: |value| value.len() >= 20 && !value.contains(' '),
    },
];

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_id, hits_key, hits_text, passes_id, passes_key, passes_text};
    use super::*;

    #[test]
    fn a_header_s_token_is_found_without_a_digit_too() {
        hits_text(Reason::Credential, &["Bearer ", "iiFNJMwACQtrvZfYVadhhIqqixpVVYBg"].concat());
        passes_text("Bearer of good-tidings-and-other-books, BearerOfGoodTidings");
    }

    #[test]
    fn known_prefixes_are_found() {
        // Written in pieces, so that nobody who searches this text for keys finds one.
        for parts in [
            ["sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"],
            ["AKIA", "IOSFODNN7EXAMPLE"],
            ["ghp_", "0123456789abcdefghijABCDEFGHIJ012345"],
            ["eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl"],
        ] {
            hits_id(Reason::Credential, &parts.concat());
            hits_id(Reason::Credential, &format!("evt-{}", parts.concat()));
            hits_id(Reason::Credential, &format!("12{}", parts.concat()));
            hits_id(Reason::Credential, &parts.concat().to_uppercase());
        }
        hits_text(Reason::Credential, "Authorization: Bearer abc123def456ghi789");
        hits_text(Reason::Credential, "https://jane:secret@shop/");
    }

    #[test]
    fn sessions_are_found_by_key() {
        hits_key(Reason::Credential, "sessionId", "a8f3b2c1");
        hits_key(Reason::Credential, "password", "hunter2!");
        passes_key("session", "summer");
        passes_key("code", "SAVE20");
    }

    #[test]
    fn ordinary_ids_are_none() {
        for text in ["sk-1234", "ghp_short", "AKIARA-DRESS", "EAA-1", "eyJ", "basic tee 100% cotton", "IwAR0abcDEF123"] {
            passes_text(text);
            passes_id(text);
        }
    }
}
