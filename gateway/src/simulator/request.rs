//! What a request holds: its address, its tokens, its envelope and its events.
//!
//! JSON must come as the gateway sends it: `data` an array of objects. A form is taken too, with `data` as the text of an array
//! of objects or of JSON strings, so that Meta's own libraries can be pointed here and compared. Nothing is checked here but the
//! form of the request; `check` looks at the contents.

use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use hyper::http::request::Parts;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::ledger::TokenPlaces;
use super::strict::{Members, Strict};

/// Most events that one request may hold.
pub(super) const MAX_EVENTS: usize = 1000;

/// `/v{N}.{M}/{dataset}/events`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) version: String,
    pub(super) dataset: String,
}

impl Address {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let (version, dataset, edge) = (parts.next()?, parts.next()?, parts.next()?);
        let (major, minor) = version.strip_prefix('v')?.split_once('.')?;
        let known = edge == "events"
            && parts.next().is_none()
            && are_digits(major, 3)
            && are_digits(minor, 2)
            && are_digits(dataset, 20);
        known.then(|| Self { version: version.to_owned(), dataset: dataset.to_owned() })
    }
}

fn are_digits(text: &str, at_most: usize) -> bool {
    (1..=at_most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What was posted.
#[derive(Debug, Default)]
pub(super) struct Posted {
    /// Every token that was shown.
    pub(super) tokens: Vec<String>,
    /// Where they were shown.
    pub(super) token_places: TokenPlaces,
    /// What the request says for all its events, without tokens and proofs.
    pub(super) envelope: Map<String, Value>,
    /// The events.
    pub(super) events: Vec<PostedEvent>,
}

/// One event.
#[derive(Debug)]
pub(super) struct PostedEvent {
    /// Its text as it came, on one line.
    pub(super) text: String,
    /// What it says.
    pub(super) value: Map<String, Value>,
}

/// Reads a request; the tokens are looked for in header, query and body.
pub(super) fn read(parts: &Parts, body: &[u8]) -> Result<Posted, Refusal> {
    refuse_unknown_query(parts)?;
    if parts.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refusal::parameter("the body must not be compressed"));
    }
    let body = std::str::from_utf8(body).map_err(|_| Refusal::parameter("the body is not UTF-8"))?;
    let mut posted = match media_type(parts).as_deref() {
        Some("application/json") => from_json(body),
        Some("application/x-www-form-urlencoded") => from_form(body),
        _ => Err(Refusal::parameter("the content type must be application/json or a url-encoded form")),
    }?;
    posted.token_places.body = u64::from(!posted.tokens.is_empty());
    posted.token_places.header = u64::from(bearer(parts).is_some());
    posted.token_places.query = u64::from(query(parts).any(|(name, _)| name == "access_token"));
    posted.tokens.extend(outer_tokens(parts));
    Ok(posted)
}

/// How many events a JSON body holds, and nothing else about it.
pub(super) fn count(body: &[u8]) -> Result<usize, Refusal> {
    #[derive(Deserialize)]
    struct Body {
        data: Vec<IgnoredAny>,
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| Refusal::parameter("data must be an array"))?;
    Ok(body.data.len())
}

/// The tokens that can be seen without reading the body.
pub(super) fn outer_tokens(parts: &Parts) -> Vec<String> {
    let in_query = query(parts).filter(|(name, _)| name == "access_token").map(|(_, token)| token);
    bearer(parts).into_iter().chain(in_query).collect()
}

fn bearer(parts: &Parts) -> Option<String> {
    Some(parts.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?.to_owned())
}

fn query(parts: &Parts) -> impl Iterator<Item = (String, String)> + '_ {
    form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned()
}

fn refuse_unknown_query(parts: &Parts) -> Result<(), Refusal> {
    let known = query(parts).all(|(name, _)| name == "access_token" || name == "appsecret_proof");
    if known { Ok(()) } else { Err(Refusal::parameter("the query holds a parameter that has no place there")) }
}

fn media_type(parts: &Parts) -> Option<String> {
    let full = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    full.split(';').next().map(|media| media.trim().to_ascii_lowercase())
}

fn from_json(body: &str) -> Result<Posted, Refusal> {
    let Members(members) = serde_json::from_str(body)
        .map_err(|_| Refusal::parameter("the body must be one JSON object without repeated keys"))?;
    let mut posted = Posted::default();
    let mut data = None;
    for (name, value) in members {
        if name == "data" {
            data = Some(value);
        } else {
            posted.add_parameter(name, strict(value.get(), "the envelope")?)?;
        }
    }
    let data: Vec<&RawValue> = data
        .and_then(|data| serde_json::from_str(data.get()).ok())
        .ok_or_else(|| Refusal::parameter("data must be an array of objects"))?;
    posted.add_events(data.len(), data.into_iter().map(|event| Ok(event.get())))?;
    Ok(posted)
}

fn from_form(body: &str) -> Result<Posted, Refusal> {
    let mut posted = Posted::default();
    let mut data = None;
    for (name, value) in form_urlencoded::parse(body.as_bytes()).into_owned() {
        if name != "data" {
            // In a form an object or a list is the text of one.
            let value = if matches!(name.as_str(), "platforms" | "progress") {
                strict(&value, "platforms and progress")?
            } else {
                Value::String(value)
            };
            posted.add_parameter(name, value)?;
        } else if data.replace(value).is_some() {
            return Err(Refusal::parameter("data stands twice"));
        }
    }
    let data = data.unwrap_or_default();
    let list: Vec<&RawValue> =
        serde_json::from_str(&data).map_err(|_| Refusal::parameter("data must be the text of an array"))?;
    // Meta's Python library writes each event as a JSON string inside the array, the others write objects.
    let texts = list.iter().map(|element| {
        if element.get().starts_with('"') { serde_json::from_str(element.get()) } else { Ok(element.get().to_owned()) }
            .map_err(|_| Refusal::parameter("data holds a string that cannot be read"))
    });
    posted.add_events(list.len(), texts)?;
    Ok(posted)
}

impl Posted {
    /// Takes a member that is not `data`: a token, the proof, or a part of the envelope.
    fn add_parameter(&mut self, name: String, value: Value) -> Result<(), Refusal> {
        match (name.as_str(), value) {
            ("access_token", Value::String(token)) if self.tokens.is_empty() => self.tokens.push(token),
            ("access_token", _) => return Err(Refusal::parameter("access_token must be one string")),
            ("appsecret_proof", Value::String(proof)) if is_proof(&proof) => {}
            ("appsecret_proof", _) => return Err(Refusal::parameter("appsecret_proof must be 64 hex digits")),
            (_, value) => {
                if self.envelope.insert(name, value).is_some() {
                    return Err(Refusal::parameter("a parameter stands twice"));
                }
            }
        }
        Ok(())
    }

    fn add_events<T: AsRef<str>>(
        &mut self,
        count: usize,
        texts: impl Iterator<Item = Result<T, Refusal>>,
    ) -> Result<(), Refusal> {
        if count == 0 {
            return Err(Refusal::parameter("data must not be empty"));
        }
        if count > MAX_EVENTS {
            return Err(Refusal::parameter("data holds more than 1000 events"));
        }
        self.events.reserve(count);
        for text in texts {
            let text = text?;
            let Value::Object(value) = strict(text.as_ref(), "an event")? else {
                return Err(Refusal::parameter("data must be an array of objects"));
            };
            // A line end can only stand between the tokens of JSON, where a space is as good.
            self.events.push(PostedEvent { text: text.as_ref().replace(['\n', '\r'], " "), value });
        }
        Ok(())
    }
}

fn is_proof(proof: &str) -> bool {
    proof.len() == 64 && proof.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn strict(text: &str, what: &str) -> Result<Value, Refusal> {
    serde_json::from_str(text)
        .map(|Strict(value)| value)
        .map_err(|_| Refusal::parameter(&format!("{what} must be JSON without repeated keys")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn parts(path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn json(body: &str) -> Result<Posted, Refusal> {
        read(&parts("/v26.0/1/events", &[("content-type", "application/json; charset=utf-8")]), body.as_bytes())
    }

    fn form(pairs: &[(&str, &str)]) -> Result<Posted, Refusal> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        read(&parts("/v26.0/1/events", &[("content-type", "application/x-www-form-urlencoded")]), body.as_bytes())
    }

    #[track_caller]
    fn refused(result: Result<Posted, Refusal>) {
        let refusal = result.expect_err("refused");
        assert_eq!((refusal.status, refusal.code, refusal.subcode), (400, 100, 0));
    }

    #[test]
    fn only_versioned_paths_of_a_dataset_are_known() {
        let known = Address { version: "v26.0".into(), dataset: "1234567890123456".into() };
        assert_eq!(Address::parse("/v26.0/1234567890123456/events"), Some(known));
        for path in [
            "/1/events",
            "/v26/1/events",
            "/v26.0/1/events/",
            "/v26.0/abc/events",
            "/v26.0/1/instruments",
            "/v.0/1/events",
            "/",
        ] {
            assert_eq!(Address::parse(path), None, "{path}");
        }
    }

    #[test]
    fn an_object_in_a_form_is_the_text_of_one() {
        let posted = form(&[("data", "[{}]"), ("platforms", r#"[{"name":"shop"}]"#), ("trace", "7")]).unwrap();
        assert!(posted.envelope["platforms"].is_array() && posted.envelope["trace"].is_string());
        refused(form(&[("data", "[{}]"), ("progress", "half")]));
    }

    #[test]
    fn json_must_be_an_object_with_an_array_of_objects() {
        let posted = json(r#"{"data":[{"a":1},{"b":2}],"partner_agent":"x","test_event_code":null}"#).unwrap();
        assert_eq!(posted.events.iter().map(|event| event.text.as_str()).collect::<Vec<_>>(), [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert_eq!(posted.envelope.len(), 2);
        refused(json("[]"));
        refused(json("{}"));
        refused(json(r#"{"data":{}}"#));
        refused(json(r#"{"data":["{}"]}"#));
        refused(json(r#"{"data":"[{}]"}"#));
        refused(json(r#"{"data":[{}],"data":[{}]}"#));
        refused(json(r#"{"data":[{"a":1,"a":2}]}"#));
        refused(json(r#"{"data":[{}],"access_token":1}"#));
    }

    #[test]
    fn none_and_more_than_a_thousand_events_are_refused() {
        let of = |count: usize| format!(r#"{{"data":[{}]}}"#, vec!["{}"; count].join(","));
        refused(json(&of(0)));
        refused(json(&of(1001)));
        assert_eq!(json(&of(1000)).unwrap().events.len(), 1000);
    }

    #[test]
    fn a_form_may_hold_objects_or_strings() {
        for data in [r#"[{"a":"x"}]"#, r#"["{\"a\":\"x\"}"]"#] {
            let posted = form(&[("data", data), ("access_token", "t"), ("test_event_code", "TEST1")]).unwrap();
            assert_eq!(posted.events[0].text, r#"{"a":"x"}"#);
            assert_eq!((posted.tokens, posted.envelope.len()), (vec!["t".to_owned()], 1));
        }
        refused(form(&[("data", "[{}]"), ("data", "[{}]")]));
        refused(form(&[("data", "[{}]"), ("access_token", "t"), ("access_token", "t")]));
        refused(form(&[("access_token", "t")]));
    }

    #[test]
    fn other_encodings_and_parameters_are_refused() {
        let body = br#"{"data":[{}]}"#;
        let json = ("content-type", "application/json");
        refused(read(&parts("/v26.0/1/events", &[]), body));
        refused(read(&parts("/v26.0/1/events", &[("content-type", "multipart/form-data; boundary=x")]), body));
        refused(read(&parts("/v26.0/1/events", &[json, ("content-encoding", "gzip")]), body));
        refused(read(&parts("/v26.0/1/events?debug=all", &[json]), body));
        refused(read(&parts("/v26.0/1/events", &[json]), b"{\"data\":[{\"a\":\"\xff\"}]}"));
    }

    #[test]
    fn tokens_are_found_in_all_three_places() {
        let of =
            parts("/v26.0/1/events?access_token=q", &[("content-type", "application/json"), ("authorization", "Bearer h")]);
        let posted = read(&of, br#"{"data":[{}],"access_token":"b"}"#).unwrap();
        assert_eq!(posted.tokens, ["b", "h", "q"]);
        assert_eq!(posted.token_places, TokenPlaces { header: 1, query: 1, body: 1 });
    }
}
