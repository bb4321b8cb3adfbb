use super::*;
use proptest::prelude::*;

/// The readings of a text that stands under a key, as `key|text|depth`.
fn read(key: &str, text: &str) -> Result<Vec<(String, String, u8)>, WorkLimit> {
    let mut seen = Vec::new();
    Unwrapper::default().readings(key, text, &mut Work::for_event(text.len()), &mut |reading, _| {
        seen.push((reading.key.to_owned(), reading.text.to_owned(), reading.depth));
        Ok(())
    })?;
    Ok(seen)
}

fn readings(text: &str) -> Vec<String> {
    read("", text).unwrap().into_iter().map(|(_, text, _)| text).collect()
}

fn reads(text: &str, secret: &str) -> bool {
    readings(text).iter().any(|reading| reading.contains(secret))
}

#[test]
fn a_plain_text_is_read_once_as_it_came() {
    for text in ["", "Autumn starter bundle", "size 10, colour (dark) blue/green_grey - 3 pieces"] {
        assert_eq!(read("k", text).unwrap(), [("k".to_owned(), text.to_owned(), 0)]);
    }
}

#[test]
fn the_text_as_it_came_is_first_and_its_letters_are_plain() {
    let seen = read("", "%D0%B4 ｐｌａｎ\u{200b} ｂ").unwrap();
    assert_eq!(seen[0], (String::new(), "%D0%B4 plan b".to_owned(), 0));
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].2, 1);
}

#[test]
fn a_value_is_read_with_its_key_whatever_either_is_wrapped_in() {
    for (text, key, value) in [
        ("https://a.example/?drug=plan%20b&x=1", "drug", "plan b"),
        ("?dr%75g=plan+b", "drug", "plan b"),
        ("a=1&amp;drug=bWV0Zm9ybWlu", "drug", "metformin"),
        (r#"{"dr\u0075g":"met\u0066ormin"}"#, "drug", "metformin"),
        ("%7B%22drug%22%3A%22plan%20b%22%7D", "drug", "plan b"),
        ("x=eyJkcnVnIjoicGxhbiBiIn0=", "drug", "plan b"),
        (r#"{"a":"{\"drug\":\"6d6574666f726d696e\"}"}"#, "drug", "metformin"),
        ("/rx;drug=metformin/refill", "drug", "metformin/refill"),
    ] {
        let seen = read("", text).unwrap();
        assert!(seen.iter().any(|(found, text, _)| found == key && text == value), "{text}: {seen:?}");
    }
}

#[test]
fn a_key_that_is_handed_in_is_read_without_its_escapes() {
    for key in ["dr%75g", "dr%2575g", "dr&#117;g", r"dr\u0075g", "ｄｒｕｇ", "d\u{200b}rug"] {
        assert_eq!(read(key, "x").unwrap(), [("drug".to_owned(), "x".to_owned(), 0)], "{key}");
    }
}

/// Every wrapper, as something else than this crate makes it.
const WRAPPINGS: [(&str, fn(&str) -> String); 19] = [
    ("percent", |text| text.bytes().map(|byte| format!("%{byte:02x}")).collect()),
    ("percent of UTF-16", |text| text.encode_utf16().map(|unit| format!("%u{unit:04X}")).collect()),
    ("decimal entities", |text| text.chars().map(|letter| format!("&#{};", u32::from(letter))).collect()),
    ("hexadecimal entities, open", |text| text.chars().map(|letter| format!("&#x{:X}", u32::from(letter))).collect()),
    ("backslash u", |text| text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()),
    ("backslash x", |text| text.bytes().map(|byte| format!("\\x{byte:02X}")).collect()),
    ("JSON", |text| serde_json::json!({ "note": text }).to_string()),
    ("quoted-printable", |text| text.bytes().map(|byte| format!("={byte:02X}")).collect()),
    ("base64", |text| radix(text.as_bytes(), 6, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 4)),
    ("base64url without padding", |text| {
        let padded = radix(text.as_bytes(), 6, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 4);
        padded.trim_end_matches('=').to_owned()
    }),
    ("base64 of UTF-16", |text| {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        radix(&units, 6, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 4)
    }),
    ("base32", |text| radix(text.as_bytes(), 5, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 8)),
    ("hexadecimal digits", |text| text.bytes().map(|byte| format!("{byte:02x}")).collect()),
    ("separated digits", |text| text.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")),
    ("a query", |text| format!("https://shop.example/p?utm_source=mail&q={text}&x=1")),
    ("full width", |text| {
        text.chars()
            .map(
                |letter| {
                    if letter.is_ascii_graphic() { char::from_u32(u32::from(letter) + 0xfee0).unwrap() } else { letter }
                },
            )
            .collect()
    }),
    ("zero width", |text| text.chars().flat_map(|letter| [letter, '\u{200b}']).collect()),
    ("marks", |text| text.chars().flat_map(|letter| [letter, '\u{335}']).collect()),
    ("look-alikes", |text| text.replace('a', "а").replace('e', "е").replace('o', "ο").replace('i', "і")),
];

/// The bytes in groups of a few bits, padded.
fn radix(bytes: &[u8], bits: usize, alphabet: &[u8], group: usize) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let mut text: String = digits
        .as_bytes()
        .chunks(bits)
        .map(|chunk| {
            let padded = format!("{:0<bits$}", str::from_utf8(chunk).unwrap());
            char::from(alphabet[usize::from_str_radix(&padded, 2).unwrap()])
        })
        .collect();
    while text.len() % group != 0 {
        text.push('=');
    }
    text
}

#[test]
fn every_wrapping_is_taken_off() {
    for (name, wrap) in WRAPPINGS {
        for secret in ["metformin", "jane.roe@example.com", "misoprostol 200 mcg"] {
            assert!(reads(&wrap(secret), secret), "{name}: {}", wrap(secret));
        }
    }
}

#[test]
fn every_wrapping_of_two_is_taken_off() {
    for (outer, wrap) in WRAPPINGS {
        for (inner, wrap_first) in WRAPPINGS {
            for secret in ["metformin", "jane.roe@example.com", "misoprostol 200 mcg"] {
                let wrapped_first = wrap_first(secret);
                // UTF-16 inside base64 is read of ASCII only.
                if outer == "base64 of UTF-16" && !wrapped_first.is_ascii() {
                    continue;
                }
                let wrapped = wrap(&wrapped_first);
                assert!(reads(&wrapped, secret), "{outer} of {inner}: {wrapped}\n{:#?}", readings(&wrapped));
            }
        }
    }
}
