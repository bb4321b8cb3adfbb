//! `country`: ISO 3166-1 alpha-2 in lower case.
//!
//! Meta's example takes a name (`United States`), which the SDKs refuse; parameter builder and pixel map names but cut
//! those they do not know to two letters (Great Britain `gr`, England `en`, UK `uk`, `XX`). Their names are followed,
//! their cut is not: a code that ISO does not have is refused, and one that means another country would be a lie. `UK`
//! is `gb`.

use unicode_normalization::UnicodeNormalization as _;

use self::tables::{ALPHA_3, NAMES};

mod tables;

pub(crate) use self::tables::COUNTRIES;

pub(super) fn normalize(value: &str) -> Option<&'static str> {
    if let &[first, second] = value.as_bytes() {
        return alpha_2([first.to_ascii_lowercase(), second.to_ascii_lowercase()]);
    }
    let mut key = String::with_capacity(value.len());
    if value.is_ascii() {
        key.extend(value.bytes().filter(u8::is_ascii_alphabetic).map(|byte| char::from(byte.to_ascii_lowercase())));
    } else {
        for c in value.nfd().filter(|c| c.is_alphanumeric()) {
            match c {
                'a'..='z' | 'A'..='Z' => key.push(c.to_ascii_lowercase()),
                'Ø' | 'ø' => key.push('o'),
                'ß' => key.push_str("ss"),
                // Names in other scripts are not in the table.
                _ => return None,
            }
        }
    }
    match key.as_bytes() {
        &[first, second] => alpha_2([first, second]),
        [_, _, _] => find(ALPHA_3, &key),
        _ => find(NAMES, &key).or_else(|| find(NAMES, key.strip_prefix("the")?)),
    }
}

fn alpha_2(code: [u8; 2]) -> Option<&'static str> {
    if &code == b"uk" {
        return Some("gb");
    }
    let at = COUNTRIES.binary_search_by_key(&code.as_slice(), |code| code.as_bytes()).ok()?;
    COUNTRIES.get(at).copied()
}

fn find(table: &[(&str, &'static str)], key: &str) -> Option<&'static str> {
    let at = table.binary_search_by_key(&key, |&(name, _)| name).ok()?;
    table.get(at).map(|&(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::{ALPHA_3, COUNTRIES, NAMES, normalize};

    #[test]
    fn tables_are_in_order_and_lead_to_codes_that_exist() {
        assert_eq!((COUNTRIES.len(), ALPHA_3.len()), (249, 249));
        assert!(COUNTRIES.is_sorted() && ALPHA_3.is_sorted() && NAMES.is_sorted());
        for (name, code) in ALPHA_3.iter().chain(NAMES) {
            assert!(COUNTRIES.contains(code), "{name}");
            assert_eq!(normalize(name), Some(*code), "{name}");
        }
    }
}
