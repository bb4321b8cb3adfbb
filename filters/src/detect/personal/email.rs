//! E-mail addresses: with the sign, with it spelled out, and as ids write them.
//!
//! After the sign any word may end the name of the host, because new ends are sold every year; only the ends of file names
//! are none (`logo@2x.png`). Where the sign is spelled out, the end must be a known one.

use super::keyed::Keyed;
use super::shape::{Found, Reach, Shape, always};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // Email.
    Shape {
        reason: Reason::Email,
        reach: Reach::Everywhere,
        pattern: r#"[a-z0-9_+"'.%\x80-\xff-](?:@| @ )((?:[a-z0-9_\x80-\xff-]+\.)+[a-z0-9\x80-\xff-]{2,})"#,
        holds: after_sign,
    },
    // Email, sign spelled out.
    Shape {
        reason: Reason::Email,
        reach: Reach::Everywhere,
        pattern: r"[a-z0-9\x80-\xff][ _.:+-]*(?:[\[({<] ?(?:at|@) ?[\])}>]|[ _.:+-]at[ _.:+-])[ _.:+-]*([a-z0-9].*)",
        holds: |found| spelled_host(found.text),
    },
    // Email, in camel case.
    Shape {
        reason: Reason::Email,
        reach: Reach::Everywhere,
        pattern: r"(?-i:[A-Za-z0-9](At[A-Z][A-Za-z0-9]+Dot(?:Com|Net|Org|Edu|Gov|Io|Co|Us|Uk|De|Fr|Es)))(?-i:$|[^a-z])",
        holds: always,
    },
    // Email, of a known provider.
    Shape {
        reason: Reason::Email,
        reach: Reach::Everywhere,
        pattern: concat!(
            r"[a-z0-9]([-_~+|: ]+(?:gmail|googlemail|hotmail|icloud|protonmail|yahoo|ymail|outlook|aol|gmx|comcast|verizon)",
            r"[-_.~+|: ]+(?:com|net|de|fr|es|it|co|me|org)|[.](?:gmail|googlemail|hotmail|icloud|protonmail)[-_.]com)(?:$|[^a-z])"
        ),
        holds: |found| !is_service(found.before),
    },
    // Email, as a slug.
    Shape {
        reason: Reason::Email,
        reach: Reach::Ids,
        pattern: r"^([a-z][a-z0-9]*[-_.][a-z][a-z0-9]*[-_.][a-z][a-z0-9]*[-_](?:com|net|org|edu|gov))$",
        holds: |found| !is_of_a_shop(found.text),
    },
];

pub(super) const KEYED: &[Keyed] = &[Keyed {
    reason: Reason::Email,
    keys: "email, email address, mail, email local, user email",
    from: Setting::Retail,
    holds: |value| value.contains('@') || value.contains('.'),
}];

/// Ends of file names that follow an `@` of a size or a version.
const FILES: &str = "png, jpg, jpeg, gif, svg, webp, avif, bmp, ico, css, js, mjs, cjs, map, json, html, htm, php, aspx, xml, pdf, woff, \
     woff2, ttf, mp4, webm, tgz, gz";

/// Ends of host names that are no country's.
const GENERIC: &str = "com, net, org, edu, gov, mil, int, info, biz, name, pro, mobi, app, dev, shop, store, online, site, website, xyz, \
     club, email, cloud, tech, agency, group, company, health, care, clinic, doctor, dental, hospital, pharmacy, life, \
     live, world, family, test, example";

/// Ends that are hardly words: they count where dots became dashes.
const PLAIN: &str = "com, net, org, edu, gov, mil";

fn is_in(list: &str, word: &[u8]) -> bool {
    list.split(", ").any(|entry| entry.as_bytes().eq_ignore_ascii_case(word))
}

/// A known end, or two letters, which is a country's.
fn is_known_end(word: &[u8]) -> bool {
    (word.len() == 2 && word.iter().all(u8::is_ascii_alphabetic)) || is_in(GENERIC, word)
}

fn after_sign(found: Found<'_>) -> bool {
    let mut labels = found.text.rsplit(|byte| *byte == b'.').peekable();
    let mut was_file = false;
    while labels.next_if(|label| is_in(FILES, label)).is_some() {
        was_file = true;
    }
    let (Some(end), Some(before)) = (labels.next(), labels.next()) else { return false };
    if was_file {
        // `jane@example.com.png` is one, `logo@2x.min.png` is none.
        return is_known_end(end);
    }
    let is_word = end.first().is_some_and(|byte| !byte.is_ascii_digit()) && end.iter().any(|byte| !byte.is_ascii_digit());
    // `pkg@1.2.beta` is a version.
    let has_letter = |label: &[u8]| label.iter().any(|byte| !byte.is_ascii_digit());
    is_word && (is_known_end(end) || has_letter(before) || labels.any(has_letter))
}

/// Words and what stands between them up to an end of a host: `example.com`, `example dot com`, `example--dot--com`,
/// `example-com`.
fn spelled_host(text: &[u8]) -> bool {
    /// A host has few words; what comes later is another matter.
    const WORDS: usize = 8;
    let mut rest = text;
    let (mut before, mut dotted) = (&b""[..], false);
    for at in 0..WORDS {
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).count();
        let (word, after) = rest.split_at_checked(length).unwrap_or_default();
        let gap = after.iter().take_while(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii()).count();
        let (separator, next) = after.split_at_checked(gap).unwrap_or_default();
        if word.is_empty() {
            return false;
        }
        let is_last = next.is_empty();
        if at > 0 {
            let spelled = at > 1 && before.eq_ignore_ascii_case(b"dot");
            let second = is_in("co, com, org, ac, gov, net", before) && at > 1;
            if ((dotted || spelled) && is_known_end(word))
                || (is_last && (is_in(PLAIN, word) || (second && word.len() == 2)))
            {
                return true;
            }
        }
        dotted = separator == b".";
        before = word;
        rest = next;
    }
    false
}

/// Hosts of the providers themselves, and of what they offer.
fn is_service(before: &[u8]) -> bool {
    let word = before.rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    is_in("www, mail, webmail, smtp, imap, pop, login, m", word)
}

/// Slugs of hosts: of shops and their pages, not of persons.
fn is_of_a_shop(text: &[u8]) -> bool {
    let words = || text.split(|byte| !byte.is_ascii_alphanumeric());
    words().any(|word| is_in("www, shop, store, order, checkout, http, https, m, gift, card", word))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_id, hits_text, passes_id, passes_text};
    use super::*;

    #[test]
    fn addresses_are_found() {
        for text in [
            "jane.doe@example.com",
            "mailto:jane+news@example.co.uk",
            "Jane Doe <jane@example.pharmacy>",
            "jane@example.com.png",
            "jane@example.com123",
            "jane @ example.com",
            "jane@müller.de",
            "id_jane@example.com_17",
        ] {
            hits_text(Reason::Email, text);
        }
    }

    #[test]
    fn addresses_are_found_as_ids_write_them() {
        for text in [
            "jane.doe_at_example.com",
            "jane.doe--at--example-dot-com",
            "jane-at-example-com",
            "jane.at.example.com",
            "evt-jane(at)example.com",
            "jane[at]example[dot]com",
            "jane at example dot co dot uk",
            "jane_at_example_co_uk",
            "janeDoeAtExampleDotCom",
            "jane-doe-example-com",
            "jane_doe_gmail_com",
            "jane.doe.gmail.com",
            "jane_doe-yahoo.com-17",
        ] {
            hits_id(Reason::Email, text);
        }
    }

    #[test]
    fn files_versions_and_handles_are_none() {
        for text in [
            "logo@2x.png",
            "logo@2x.min.png",
            "icon@3x.jpg.webp",
            "pkg@1.2.3",
            "pkg@1.2.3-rc.1",
            "react@18.0.0-beta.11",
            "@handle",
            "follow us @shop",
            "https://www.gmail.com/",
            "look at me",
            "look-at-me",
            "shop-at-home",
            "sale at 10.30",
            "meet-me-at-the-top-in-denver",
            "www-shop-example-com",
            "open 9 at night. come in",
        ] {
            passes_text(text);
            passes_id(text);
        }
    }
}
