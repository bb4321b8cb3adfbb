//! The ways in which a request carries events: encoding, compression, and the form of the endpoint.

use std::io::Write as _;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::Value;

/// How a body carries the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/json`, `data` an array of objects.
    Json,
    /// `application/json`, `data` an array of strings, each the text of an object (the Ruby SDK).
    JsonOfStrings,
    /// urlencoded, `data` the text of an array of objects.
    FormOfObjects,
    /// urlencoded, `data` the text of an array of strings, each the text of an object (the Python SDK).
    FormOfStrings,
    /// multipart with a boundary as libcurl makes it (`curl -F` and the PHP SDK).
    MultipartOfCurl,
    /// multipart with the boundary of the Java SDK: dashes and a number that may be negative.
    MultipartOfJava,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::JsonOfStrings,
        Self::FormOfObjects,
        Self::FormOfStrings,
        Self::MultipartOfCurl,
        Self::MultipartOfJava,
    ];

    /// Content type and body for these events.
    pub fn encode(self, events: &[Value]) -> (String, Vec<u8>) {
        self.encode_with(&[], events)
    }

    /// The same with more parameters, such as a key.
    pub fn encode_with(self, parameters: &[(&str, &str)], events: &[Value]) -> (String, Vec<u8>) {
        let objects = Value::from(events);
        let strings = || Value::from(events.iter().map(Value::to_string).collect::<Vec<_>>());
        match self {
            Self::Json => json(parameters, &objects),
            Self::JsonOfStrings => json(parameters, &strings()),
            Self::FormOfObjects => form(parameters, &objects),
            Self::FormOfStrings => form(parameters, &strings()),
            Self::MultipartOfCurl => multipart("------------------------3534a75082452be6", parameters, &objects),
            Self::MultipartOfJava => multipart("---------------------------4962768465676381896", parameters, &objects),
        }
    }
}

fn json(parameters: &[(&str, &str)], data: &Value) -> (String, Vec<u8>) {
    let mut body = serde_json::json!({ "data": data });
    for (name, value) in parameters {
        body[name] = Value::from(*value);
    }
    ("application/json".to_owned(), body.to_string().into_bytes())
}

fn form(parameters: &[(&str, &str)], data: &Value) -> (String, Vec<u8>) {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(parameters).append_pair("data", &data.to_string());
    ("application/x-www-form-urlencoded".to_owned(), body.finish().into_bytes())
}

fn multipart(boundary: &str, parameters: &[(&str, &str)], data: &Value) -> (String, Vec<u8>) {
    let part = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut parts: Vec<String> = parameters.iter().map(|(name, value)| part(name, value)).collect();
    parts.push(part("data", &data.to_string()));
    let body = format!("{}--{boundary}--\r\n", parts.concat());
    (format!("multipart/form-data; boundary={boundary}"), body.into_bytes())
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// `gzip`
    Gzip,
    /// `deflate`, in the frame of zlib.
    Deflate,
    /// `deflate` without a frame.
    BareDeflate,
}

impl Compression {
    /// Every compression.
    pub const ALL: [Self; 4] = [Self::None, Self::Gzip, Self::Deflate, Self::BareDeflate];

    /// The value of `Content-Encoding`.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Deflate | Self::BareDeflate => Some("deflate"),
        }
    }

    /// Compresses.
    pub fn compress(self, bytes: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        let compressed = match self {
            Self::None => Ok(bytes.to_vec()),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).and_then(|()| encoder.finish())
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).and_then(|()| encoder.finish())
            }
            Self::BareDeflate => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).and_then(|()| encoder.finish())
            }
        };
        compressed.expect("memory takes bytes")
    }
}

/// The form of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Meta's Graph API.
    Graph,
    /// Meta's own gateway.
    CapiGateway,
}

impl Endpoint {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Graph, Self::CapiGateway];

    /// The path of a dataset.
    pub fn path(self, dataset: &str) -> String {
        match self {
            Self::Graph => format!("/v26.0/{dataset}/events"),
            Self::CapiGateway => format!("/capi/{dataset}/events"),
        }
    }

    /// What a success is answered.
    pub fn success(self) -> u16 {
        match self {
            Self::Graph => 200,
            Self::CapiGateway => 202,
        }
    }

    /// The name of the key in a body.
    pub fn key(self) -> &'static str {
        match self {
            Self::Graph => "access_token",
            Self::CapiGateway => "accessKey",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encodings_carry_the_same_events() {
        let events = [serde_json::json!({ "event_name": "a&b=c" })];
        for encoding in Encoding::ALL {
            let (content_type, body) = encoding.encode_with(&[("x", "y")], &events);
            let text = String::from_utf8(body).unwrap();
            let data: Value = match encoding {
                Encoding::Json | Encoding::JsonOfStrings => serde_json::from_str::<Value>(&text).unwrap()["data"].clone(),
                Encoding::FormOfObjects | Encoding::FormOfStrings => {
                    let (_, text) = form_urlencoded::parse(text.as_bytes()).find(|(name, _)| name == "data").unwrap();
                    serde_json::from_str(&text).unwrap()
                }
                Encoding::MultipartOfCurl | Encoding::MultipartOfJava => {
                    let border = content_type.split_once("boundary=").unwrap().1;
                    let part = text.split(border).find(|part| part.contains("\"data\"")).unwrap();
                    serde_json::from_str(part.split("\r\n").nth(3).unwrap()).unwrap()
                }
            };
            let event = match &data[0] {
                Value::String(text) => serde_json::from_str(text).unwrap(),
                other => other.clone(),
            };
            assert_eq!(event, events[0], "{encoding:?}");
        }
    }
}
