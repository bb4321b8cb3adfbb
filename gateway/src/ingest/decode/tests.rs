//! What every encoding gives, and what each refuses.

use proptest::prelude::*;

use super::*;

fn decode<'b>(encoding: &Encoding, bytes: &'b [u8]) -> Result<Decoded<'b>, Fault> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(super::decode(encoding, bytes))
}

fn events(json: &str) -> Result<usize, Fault> {
    decode(&Encoding::Json, json.as_bytes())?.events().map(|events| events.len())
}

fn parts(boundary: &str, body: &[u8]) -> Result<(usize, Vec<String>, u32), Fault> {
    let encoding = Encoding::Multipart { boundary: boundary.into() };
    let decoded = decode(&encoding, body)?;
    let events = decoded.events().map_or(0, |events| events.len());
    Ok((events, decoded.keys().map(str::to_owned).collect(), decoded.envelope().unknown))
}

/// A body as the clients write it: the headers of each part, then its value.
fn multipart(boundary: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let part = |(headers, value): &(&str, &str)| format!("--{boundary}\r\n{headers}\r\n\r\n{value}\r\n");
    let parts: Vec<String> = parts.iter().map(part).collect();
    format!("{}--{boundary}--\r\n", parts.concat()).into_bytes()
}

const DATA: &str = "Content-Disposition: form-data; name=\"data\"";
const KEY: &str = "Content-Disposition: form-data; name=\"access_token\"";

#[test]
fn data_must_be_a_list_of_1_to_1000_events() {
    let list = |count: usize| format!(r#"{{"data":[{}]}}"#, vec!["{}"; count].join(","));
    assert_eq!(events(&list(1)), Ok(1));
    assert_eq!(events(&list(1000)), Ok(1000));
    assert_eq!(events(r#"{"data":"[{},\"{}\"]"}"#), Ok(2));
    for none in [
        list(0),
        list(1001),
        list(5000),
        r#"{"data":5}"#.into(),
        r#"{"data":{"a":[]}}"#.into(),
        r#"{"data":null}"#.into(),
        "{}".into(),
    ] {
        assert_eq!(events(&none), Err(NO_DATA), "{none:.40}");
    }
    for broken in ["", "[]", "{", r#"{"data":[{}]"#, r#"{"data":[{}]} x"#, r#"{"data":[{]}"#] {
        assert!(matches!(events(broken), Err(Fault::BadBody(_))), "{broken}");
    }
    assert_eq!(events(r#"{"data":[{}],"data":[{}]}"#), Err(TWICE));
}

#[test]
fn a_byte_order_mark_before_json_says_nothing() {
    assert_eq!(events("\u{feff}{\"data\":[{}]}"), Ok(1));
    assert!(events("\u{feff}\u{feff}{\"data\":[{}]}").is_err());
    assert_eq!(decode(&Encoding::Json, b"\xff\xfe{\0}\0").err(), Some(NOT_UTF8));
}

#[test]
fn the_key_has_two_names_and_each_stands_for_the_same() {
    let keys = |body: &[u8], encoding: &Encoding| -> Vec<String> {
        decode(encoding, body).ok().map(|decoded| decoded.keys().map(str::to_owned).collect()).unwrap_or_default()
    };
    assert_eq!(keys(br#"{"accessKey":"a","data":[]}"#, &Encoding::Json), ["a"]);
    assert_eq!(keys(br#"{"accessKey":"a","access_token":"b"}"#, &Encoding::Json), ["a", "b"]);
    assert_eq!(keys(br#"{"accessKey":null,"access_token":"b"}"#, &Encoding::Json), ["b"]);
    assert_eq!(keys(b"access_token=a+b&accessKey=c", &Encoding::Form), ["a b", "c"]);
    assert!(decode(&Encoding::Form, b"accessKey=a&accessKey=a").is_err_and(|fault| fault == TWICE));
}

#[test]
fn a_form_is_refused_where_its_escapes_are_no_utf8_or_a_name_comes_twice() {
    for (body, fault) in [
        (b"data=%ff".as_slice(), NOT_UTF8),
        (b"%ff=1", NOT_UTF8),
        (b"data=\xff", NOT_UTF8),
        (b"x=1&x=2", TWICE),
        (b"id=1&id=2", TWICE),
        (b"upload_tag=1&upload_tag=2", TWICE),
    ] {
        assert_eq!(decode(&Encoding::Form, body).err(), Some(fault), "{}", String::from_utf8_lossy(body));
    }
    let many = (0..=MAX_PARAMETERS).map(|number| format!("p{number}=")).collect::<Vec<_>>().join("&");
    assert_eq!(decode(&Encoding::Form, many.as_bytes()).err(), Some(TOO_MANY));
    // The character itself is a text like any other.
    assert!(decode(&Encoding::Form, "a=%EF%BF%BD&b=\u{fffd}".as_bytes()).is_ok());
}

#[test]
fn multipart_is_taken_as_each_client_writes_it() {
    let plain = [(DATA, "[{},{}]"), (KEY, "the-key")];
    let taken = Ok((2, vec!["the-key".to_owned()], 0));
    // curl and PHP, Java, and one that no client has but the standard allows.
    let longest = "x".repeat(70);
    for boundary in ["------------------------3534a75082452be6", "---------------------------8123456789012345678", &longest]
    {
        assert_eq!(parts(boundary, &multipart(boundary, &plain)), taken);
    }
    // OkHttp, Apache HttpClient and Ruby add headers; some write names without quotes, or end a line before the first boundary.
    let more = [
        (&*format!("{DATA}\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: 7"), "[{},{}]"),
        ("content-type: text/plain\r\ncontent-disposition:form-data;name=access_token", "the-key"),
    ];
    assert_eq!(parts("b", &multipart("b", &more)), taken);
    assert_eq!(parts("b", &[b"\r\n", multipart("b", &plain).as_slice()].concat()), taken);
    // A file named `data` is `data`. As a file, nothing else is known.
    let file = [
        (&*format!("{DATA}; filename=\"a \\\"b\\\".json\"\r\nContent-Type: application/json"), "[{},{}]"),
        (KEY, "the-key"),
        ("Content-Disposition: form-data; name=\"upload_id\"; filename=\"x\"", "\u{1}"),
    ];
    assert_eq!(parts("b", &multipart("b", &file)), Ok((2, vec!["the-key".to_owned()], 1)));
    let key_as_file = [(DATA, "[{}]"), (&*format!("{KEY}; filename=key.txt"), "the-key")];
    assert_eq!(parts("b", &multipart("b", &key_as_file)), Ok((1, vec![], 1)));
}

#[test]
fn what_ends_no_part_belongs_to_its_value() {
    for value in ["--b", "\r\n-b", "\r--b\r\n", "\n--b--\n", "x\r\n--", "\r\n\r\n", ""] {
        let body = multipart("b", &[(KEY, value), (DATA, "[{}]")]);
        assert_eq!(parts("b", &body), Ok((1, vec![value.to_owned()], 0)), "{value:?}");
    }
    // White space behind a boundary is the transport's.
    let padded = format!("--b \t\r\n{KEY}\r\n\r\nk\r\n--b-- ");
    assert_eq!(parts("b", padded.as_bytes()), Ok((0, vec!["k".to_owned()], 0)));
}

#[test]
fn multipart_that_is_none_is_refused() {
    let good = String::from_utf8(multipart("b", &[(DATA, "[{}]"), (KEY, "k")])).unwrap();
    for length in 0..good.len() - 4 {
        assert!(parts("b", &good.as_bytes()[..length]).is_err(), "cut at {length}");
    }
    let part = |headers: &str| multipart("b", &[(headers, "[{}]")]);
    let text = |text: &str| text.replace('|', "\r\n").into_bytes();
    for bad in [
        text("preamble|--b--|"),
        text("--c||--c--|"),
        text(&format!("--bx|{DATA}||[]|--b--|")),
        text(&format!("--b|{DATA}||[]|--bx|{KEY}||k|--b--|")),
        [good.as_bytes(), b"epilogue"].concat(),
        [good.as_bytes(), good.as_bytes()].concat(),
        good.replace("\r\n", "\n").into_bytes(),
        part(""),
        part("Content-Type: text/plain"),
        part("Content-Disposition: form-data"),
        part("Content-Disposition: attachment; name=\"data\""),
        part("Content-Disposition: form-data; name=\"data"),
        part("Content-Disposition: form-data; name=\"data\"; name=\"x\""),
        part(&format!("{DATA}\r\n{KEY}")),
        part(&format!("{DATA}\r\n folded: yes")),
        part(&format!("{DATA}\r\nno colon")),
        part(&format!("{DATA}\r\n{}", "A: b\r\n".repeat(MAX_PARAMETERS))),
        part(&format!("{DATA}\r\nA: {}", "b".repeat(5000))),
        multipart("b", &[(DATA, "[{}]"), (DATA, "[{}]")]),
        multipart("b", &[("Content-Disposition: form-data; name=\"x\"", ""); 2]),
        [b"--b\r\n", KEY.as_bytes(), b"\r\n\r\n\xff\r\n--b--\r\n"].concat(),
    ] {
        let told = parts("b", &bad);
        assert!(matches!(told, Err(Fault::BadBody(_))), "{told:?}: {}", String::from_utf8_lossy(&bad));
    }
    // Headers that never end cannot hide the next part.
    let hidden = format!("--a:b\r\n{DATA}\r\n--a:b\r\n{KEY}\r\n\r\nk\r\n--a:b--");
    assert!(parts("a:b", hidden.as_bytes()).is_err());
}

/// Texts as parts may hold them, with much that looks like a border.
fn value() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["\r", "\n", "-", "--", "b", "--b", "é", " ", "\"", ":"]), 0..12)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("ends the part", |value| !format!("{value}\r\n").contains("\r\n--b"))
}

proptest! {
    #[test]
    fn each_value_of_multipart_comes_back_as_it_was(values in prop::collection::vec(value(), 1..3)) {
        let headers = [KEY, "Content-Disposition: form-data; name=\"accessKey\""];
        let list: Vec<(&str, &str)> = headers.into_iter().zip(values.iter().map(String::as_str)).collect();
        prop_assert_eq!(parts("b", &multipart("b", &list)), Ok((0, values, 0)));
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(pieces in prop::collection::vec(prop::sample::select(vec![
        &b"--b"[..], b"\r\n", b"--", b"\r\n\r\n", b"Content-Disposition: form-data; name=", b"\"data\"", b"access_token", b"; filename=",
        b"[{}]", b"{\"data\":", b"}", b"\"", b"\\", b"%", b"%f", b"&", b"=", b"+", b"\xff", b"\xef\xbb\xbf", b"\0", b";", b" ", b",",
    ]), 0..40)) {
        let body = pieces.concat();
        for encoding in [Encoding::Json, Encoding::Form, Encoding::Multipart { boundary: "b".into() }] {
            if let Ok(decoded) = decode(&encoding, &body) {
                drop((decoded.events().is_ok(), decoded.envelope(), decoded.keys().count()));
            }
        }
    }
}
