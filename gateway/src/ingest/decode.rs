//! A request's body, taken apart: the envelope, the key and the events, each event still raw text.
//!
//! The only module that looks into a caller's bytes. Its files are the encodings: `json`, `form`, `multipart`; each puts the same
//! parameters into one [`Decoded`] and copies no event that it need not. A body that cannot be taken apart is refused whole; an
//! event in it that is none is found later and refused alone.

mod form;
mod json;
mod multipart;

use std::borrow::Cow;

use portcullis_filters::event::EnvelopeText;
use serde_json::value::RawValue;

use super::encoding::Encoding;
use super::respond::Fault;

/// Meta takes no more events in one request.
pub(super) const MAX_EVENTS: usize = 1000;
/// Parameters of one body, known and unknown.
const MAX_PARAMETERS: usize = 100;

const NOT_UTF8: Fault = Fault::BadBody("the body is not UTF-8");
const NO_DATA: Fault = Fault::BadBody("the parameter data is required and must be a list of 1 to 1000 events");
const TWICE: Fault = Fault::BadBody("the body has a parameter twice");
const TOO_MANY: Fault = Fault::BadBody("the body has more than 100 parameters");

/// What some clients, mostly those of .NET, write before a text in UTF-8. It says nothing.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A body's parameters. Values are texts; `null` is absent.
#[derive(Default)]
pub(super) struct Decoded<'b> {
    data: Option<Data<'b>>,
    keys: Vec<Cow<'b, str>>,
    test_event_code: Option<Cow<'b, str>>,
    namespace_id: Option<Cow<'b, str>>,
    upload_id: Option<Cow<'b, str>>,
    /// Known ones that never leave, by name.
    denied: Vec<&'static str>,
    /// How many are not known.
    unknown: u32,
}

/// The parameter `data`: a list, or a text that holds one.
enum Data<'b> {
    Events(Vec<&'b RawValue>),
    Text(Cow<'b, str>),
}

/// A parameter that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    Data,
    /// The site's key, by either name that Meta has for it.
    Key,
    TestEventCode,
    NamespaceId,
    UploadId,
    /// Never leaves, but is nothing strange: counted by name.
    Denied(&'static str),
    /// Says nothing that is used: the pixel's id, which Node's SDK repeats, and the proof for a token that is not Meta's.
    Ignored,
}

/// Takes a body apart.
pub(super) async fn decode<'b>(encoding: &Encoding, bytes: &'b [u8]) -> Result<Decoded<'b>, Fault> {
    match encoding {
        Encoding::Json => {
            let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
            json::json(std::str::from_utf8(bytes).map_err(|_| NOT_UTF8)?)
        }
        Encoding::Form => form::form(bytes).await,
        Encoding::Multipart { boundary } => multipart::multipart(boundary, bytes),
    }
}

impl Decoded<'_> {
    /// The keys that the body carries: none, one, or one by each of its names.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(AsRef::as_ref)
    }

    /// What the request says for all its events.
    pub(super) fn envelope(&self) -> EnvelopeText<'_> {
        EnvelopeText {
            test_event_code: self.test_event_code.as_deref(),
            namespace_id: self.namespace_id.as_deref(),
            upload_id: self.upload_id.as_deref(),
            denied: self.denied.clone(),
            unknown: self.unknown,
        }
    }

    /// The events, 1 to 1000 of them.
    pub(super) fn events(&self) -> Result<Cow<'_, [&RawValue]>, Fault> {
        let events = match &self.data {
            None => return Err(NO_DATA),
            Some(Data::Events(events)) => Cow::Borrowed(events.as_slice()),
            Some(Data::Text(text)) => Cow::Owned(json::events(text).ok_or(NO_DATA)?),
        };
        if (1..=MAX_EVENTS).contains(&events.len()) { Ok(events) } else { Err(NO_DATA) }
    }
}

impl Parameter {
    /// The parameter of this name. Both names of the key are known on both paths, in the query and in a body: a key that was not
    /// seen because of its name could disagree with another unnoticed.
    pub(super) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "data" => Self::Data,
            "access_token" | "accessKey" => Self::Key,
            "test_event_code" => Self::TestEventCode,
            "namespace_id" => Self::NamespaceId,
            "upload_id" => Self::UploadId,
            "partner_agent" => Self::Denied("partner_agent"),
            "upload_tag" => Self::Denied("upload_tag"),
            "upload_source" => Self::Denied("upload_source"),
            "id" | "appsecret_proof" => Self::Ignored,
            _ => return None,
        })
    }
}

/// Puts parameters in their places, one after the other, and sees that none comes twice.
#[derive(Default)]
struct Collector<'b> {
    decoded: Decoded<'b>,
    names: Vec<Cow<'b, str>>,
}

impl<'b> Collector<'b> {
    /// Notes a parameter's name; `None` for one that is not known.
    fn name(&mut self, name: Cow<'b, str>) -> Result<Option<Parameter>, Fault> {
        if self.names.contains(&name) {
            return Err(TWICE);
        }
        if self.names.len() == MAX_PARAMETERS {
            return Err(TOO_MANY);
        }
        let parameter = Parameter::find(&name);
        self.names.push(name);
        Ok(parameter)
    }

    /// Puts a value that is a text. The name was noted before, so no place is taken.
    fn put(&mut self, parameter: Parameter, value: Cow<'b, str>) {
        let decoded = &mut self.decoded;
        match parameter {
            Parameter::Data => decoded.data = Some(Data::Text(value)),
            Parameter::Key => decoded.keys.push(value),
            Parameter::TestEventCode => decoded.test_event_code = Some(value),
            Parameter::NamespaceId => decoded.namespace_id = Some(value),
            Parameter::UploadId => decoded.upload_id = Some(value),
            Parameter::Denied(name) => decoded.denied.push(name),
            Parameter::Ignored => {}
        }
    }

    /// Counts a parameter that is not known; its value is left where it is.
    fn unknown(&mut self) {
        self.decoded.unknown += 1;
    }
}

#[cfg(test)]
mod tests;
