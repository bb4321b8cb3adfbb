//! Every wrapper, alone and in another one, and what must stay as it is.

use super::*;
use proptest::prelude::*;

/// A text as one of the wrappers resolves it, and how many escapes there were.
pub(super) fn resolved(resolve: fn(&str, &mut String) -> usize, text: &str) -> (String, usize) {
    let mut resolved = String::new();
    let escapes = resolve(text, &mut resolved);
    (resolved, escapes)
}

/// What tokens of one kind in a text hold.
pub(super) fn held(each: fn(&str, &mut stretches::Take<'_>) -> Result<(), WorkLimit>, text: &str) -> Vec<String> {
    let mut held = Vec::new();
    each(text, &mut |_, text| {
        held.push(text.to_owned());
        Ok(())
    })
    .unwrap();
    held
}

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

#[test]
fn what_a_key_that_is_handed_in_holds_is_read_as_text() {
    for key in ["bWV0Zm9ybWlu", "6d6574666f726d696e", "x_bWV0Zm9ybWlu", "a%3DbWV0Zm9ybWlu", "NVSXIZTPOJWWS3Q="] {
        let seen = read(key, "true").unwrap();
        assert_eq!(seen[0].1, "true");
        assert!(
            seen.iter().any(|(key, text, depth)| matches!(key.as_str(), "" | "a") && text == "metformin" && *depth > 0),
            "{seen:?}"
        );
    }
    assert_eq!(read("productName2", "true").unwrap().len(), 1);
}

/// A name, and what wraps a text in it, written for these tests alone.
type Wrapping = (&'static str, fn(&str) -> String);

const WRAPPINGS: [Wrapping; 19] = [
    ("percent", |text| joined(text.bytes().map(|byte| format!("%{byte:02x}")))),
    ("percent of UTF-16", |text| joined(text.encode_utf16().map(|unit| format!("%u{unit:04X}")))),
    ("decimal entities", |text| joined(text.chars().map(|letter| format!("&#{};", u32::from(letter))))),
    ("hexadecimal entities, open", |text| joined(text.chars().map(|letter| format!("&#x{:X}", u32::from(letter))))),
    ("backslash u", |text| joined(text.encode_utf16().map(|unit| format!("\\u{unit:04x}")))),
    ("backslash x", |text| joined(text.bytes().map(|byte| format!("\\x{byte:02X}")))),
    ("JSON", |text| serde_json::json!({ "note": text }).to_string()),
    ("quoted-printable", |text| joined(text.bytes().map(|byte| format!("={byte:02X}")))),
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
    ("hexadecimal digits", |text| joined(text.bytes().map(|byte| format!("{byte:02x}")))),
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

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().concat()
}

/// The bytes in groups of a few bits, padded.
fn radix(bytes: &[u8], bits: usize, alphabet: &[u8], group: usize) -> String {
    let digits = joined(bytes.iter().map(|byte| format!("{byte:08b}")));
    let mut text: String = digits
        .as_bytes()
        .chunks(bits)
        .map(|chunk| {
            let padded = format!("{:0<bits$}", str::from_utf8(chunk).unwrap());
            char::from(alphabet[usize::from_str_radix(&padded, 2).unwrap()])
        })
        .collect();
    while !text.len().is_multiple_of(group) {
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

#[test]
fn every_wrapping_is_taken_off_where_it_is_glued_to_other_text() {
    for (name, wrap) in WRAPPINGS.into_iter().filter(|(name, _)| *name != "base32") {
        for (before, after) in
            [(".", "."), ("order-", "-7"), ("A_", "_B"), ("/p/", "/x"), ("a,", ",b"), ("id:", ":9"), ("(", ")")]
        {
            let wrapped = format!("{before}{}{after}", wrap("metformin"));
            assert!(reads(&wrapped, "metformin"), "{name}: {wrapped}\n{:#?}", readings(&wrapped));
        }
    }
}

#[test]
fn as_many_layers_as_the_depth_are_taken_off_and_one_more_fails_closed() {
    for (name, wrap) in WRAPPINGS {
        // Letters and a query are no layers; JSON adds a layer each time but the first; zeros among letters are no UTF-16 twice.
        if matches!(name, "a query" | "full width" | "zero width" | "marks" | "look-alikes" | "JSON" | "base64 of UTF-16") {
            continue;
        }
        let mut wrapped = "metformin".to_owned();
        for depth in 1..=MAX_DEPTH {
            wrapped = wrap(&wrapped);
            let seen = read("", &wrapped).unwrap();
            assert!(seen.iter().any(|(_, text, at)| text == "metformin" && *at == depth), "{name} at {depth}: {wrapped}");
        }
        assert_eq!(read("", &wrap(&wrapped)), Err(WorkLimit), "{name}");
    }
}

#[test]
fn ordinary_text_is_never_too_deep() {
    let url = "https://www.shop.example/c++/100%/r&d?q=50%+off&next=https%253A%252F%252Fshop.example%252Fa%2Bb%253Fx%253D1&n=12:30#a=b&c";
    for text in [url, "C++ & C# at 100% = fun; \\o/ {\"a\":[1,2]} &c.", "a=b=c=d==e&&&f;;g::h", "%%%%25 &&amp; \\\\\\"] {
        assert!(read("", text).is_ok(), "{text}");
    }
}

#[test]
fn random_ids_have_few_readings() {
    let mut state = 88_172_645_463_325_252_u64;
    let mut id = |alphabet: &[u8], length: usize| -> String {
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(alphabet[(state >> 20) as usize % alphabet.len()])
        };
        std::iter::repeat_with(next).take(length).collect()
    };
    let click = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (alphabet, length, most) in [(&click[..], 61, 400), (b"0123456789abcdef", 64, 200), (b"0123456789", 12, 100)] {
        let count: usize = (0..2000).map(|_| readings(&id(alphabet, length)).len() - 1).sum();
        assert!(count <= most, "{count} readings of 2000 ids of {length}");
    }
}

/// Units that all readings of a text take, however many they are.
fn work_of(text: &str) -> usize {
    let mut work = Work::for_event(text.len());
    let mut unwrapper = Unwrapper::default();
    let walked = unwrapper.readings("", text, &mut work, &mut |reading, _| {
        assert!(reading.depth <= MAX_DEPTH);
        Ok(())
    });
    if walked.is_err() { usize::MAX } else { work.spent() }
}

#[test]
fn what_is_long_and_ordinary_costs_little() {
    let url = "https://www.shop.example/search?q=plan%20b+pill&utm_source=mail&page=2&next=%2Fcart%3Fid%3D123 ".repeat(80);
    let json =
        serde_json::json!({ "products": vec![serde_json::json!({ "id": "SKU-1", "name": "Café \"A\" 5\"", "n": 2 }); 100] })
            .to_string();
    let nested = serde_json::json!({ "a": serde_json::json!({ "b": json }).to_string() }).to_string();
    let blob = radix(
        &(0..6000_u32).map(|n| n.wrapping_mul(n).wrapping_mul(7919).to_be_bytes()[1]).collect::<Vec<_>>(),
        6,
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        4,
    );
    for text in [url, json, nested, blob] {
        let spent = work_of(&text);
        assert!(spent <= 12 * text.len(), "{spent} for {}: {}", text.len(), text.chars().take(40).collect::<String>());
    }
}

#[test]
fn what_is_made_to_blow_up_costs_no_more_than_a_constant_times_its_length() {
    let mut base64 = "%2525".repeat(200);
    for _ in 0..4 {
        base64 = radix(base64.as_bytes(), 6, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 4);
    }
    let mut failed_closed = 0;
    let tokens = "bWV0Zm9ybWlu.UGxhbiBC-6d6574666f726d696e&#109;%41\\u0041".repeat(200);
    for text in [
        base64,
        tokens,
        "V".repeat(5000),
        "UVUVUVUU".repeat(500),
        "5".repeat(5000),
        "%25".repeat(2000),
        "&amp;".repeat(2000),
        "\\\\".repeat(3000),
        "=3D".repeat(2000),
        "a=".repeat(3000),
        "\"a\":{".repeat(1000),
        "a:'b:\"".repeat(1000),
        "xn--a-".repeat(1000),
        "\u{fdfa}".repeat(2000),
        "AB23".repeat(1000),
        "41:".repeat(2000),
        "%u%\\u&#x=4".repeat(500),
    ] {
        let mut work = Work::for_event(text.len());
        let mut shown = 0;
        let walked = Unwrapper::default().readings("", &text, &mut work, &mut |reading, _| {
            shown += reading.text.len().max(1);
            Ok(())
        });
        failed_closed += usize::from(walked.is_err());
        assert!(shown <= work.spent(), "readings that nothing was paid for");
        let name: String = text.chars().take(20).collect();
        assert!(work.spent() <= 16 * text.len(), "{name}: {} for {}", work.spent(), text.len());
    }
    assert_eq!(
        failed_closed, 2,
        "what is wrapped in base64 four times and in percent escapes, and backslashes in thousands"
    );
}

#[test]
fn wrappers_that_are_taken_off_in_any_order_are_read_once() {
    let seen = readings(r"a%41 b&#66; c\u0043");
    assert_eq!(seen.len(), 8, "{seen:?}");
}

/// Pieces that mean something to one wrapper or another, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,6}",
        prop::sample::select(vec![
            "%25",
            "%",
            "%u00",
            "&#",
            "&amp;",
            "&#x6d;",
            "\\u",
            "\\u0041",
            "\\\\",
            "\\\"",
            "\"",
            "=",
            "=3D",
            "==",
            ":",
            "{",
            "[",
            "]",
            "}",
            "'",
            "xn--",
            "bWV0Zm9ybWlu",
            "UGxhbiBCIHBpbGw=",
            "6d6574666f72",
            "NVSXIZTPOJWWS3Q",
            "41:42:43:44:",
            "+",
            "-",
            "_",
            "/",
            ".",
            "é",
            "\u{200b}",
            "ｍ",
            "а",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_within_a_constant_times_its_length(text in pieces()) {
        let spent = work_of(&text);
        prop_assert!(spent == usize::MAX || spent <= 32 * text.len() + 64 * 1024);
    }

    #[test]
    fn a_layer_more_hides_nothing(text in "[a-z]{4,12} [a-z]{4,12}", outer in 0..WRAPPINGS.len(), inner in 0..WRAPPINGS.len()) {
        let wrapped = WRAPPINGS[outer].1(&WRAPPINGS[inner].1(&text));
        prop_assume!(WRAPPINGS[outer].0 != "base64 of UTF-16" || WRAPPINGS[inner].1(&text).is_ascii());
        prop_assert!(reads(&wrapped, &text), "{} of {}: {}", WRAPPINGS[outer].0, WRAPPINGS[inner].0, wrapped);
    }
}
