//! The forms of single values: each is parsed where it is read, so that its error has a line, and never again. An editor shows
//! the same words that the error has.

use std::borrow::Cow;
use std::fmt::Formatter;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use portcullis_filters::normalize::parse_hex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};
use url::Url;

use crate::config::policy::is_file;

/// Declares a form: a text that `$parse` turns into its value, or the error "expected …".
macro_rules! form {
    ($(#[$doc:meta])* $form:ident($value:ty), $expected:literal, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(in crate::config) struct $form(pub(in crate::config) $value);

        impl<'de> Deserialize<'de> for $form {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text { expected: $expected, parse: $parse }).map(Self)
            }
        }

        impl JsonSchema for $form {
            fn schema_name() -> Cow<'static, str> {
                stringify!($form).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": concat!("Expected: ", $expected, ".") })
            }
        }
    };
}

struct Text<T> {
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).ok_or_else(|| E::invalid_value(Unexpected::Other("a text"), &self))
    }
}

form! {
    /// Where a listener listens.
    Listen(SocketAddr), "an address and a port in quotes, such as \"127.0.0.1:8080\"", |text| text.parse().ok()
}

form! {
    /// A network, or a single address.
    Network(IpNet), "a network or an address in quotes, such as \"10.0.0.0/8\"", |text| {
        text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(canonical)
    }
}

/// A network of IPv4 that is written as one of IPv6, such as `::ffff:10.0.0.0/104`. Callers are compared in the shorter form, and
/// would never be found in the longer.
fn canonical(network: IpNet) -> IpNet {
    let shorter = |address| IpNet::new(address, network.prefix_len().checked_sub(96)?).ok();
    match network.network().to_canonical() {
        address @ IpAddr::V4(_) if network.addr().is_ipv6() => shorter(address).unwrap_or(network),
        _ => network,
    }
}

form! {
    /// Scheme, host and port.
    Origin(Url), "an address of scheme and host alone, such as \"https://graph.facebook.com\"", |text| {
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && is_origin(url))
    }
}

form! {
    /// Scheme, host and port. Name and password would be secrets, and those are never written.
    ProxyAddress(Url), "an address such as \"http://proxy.example:3128\", without name and password", |text| {
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && is_origin(url))
    }
}

form! {
    /// Where a collector takes traces. Name and password would be secrets, and those are never written; nor does it need a query.
    CollectorAddress(Url), "an address such as \"http://127.0.0.1:4318/v1/traces\", without name, password and query", |text| {
        let bare = |url: &Url| url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host() && bare(url))
    }
}

form! {
    /// The name of a header of HTTP.
    #[derive(PartialOrd, Ord)]
    HeaderName(String), "the name of a header: small letters, digits and dashes", |text| {
        let fits = !text.is_empty() && text.len() <= 64;
        let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        // Ours to say.
        let is_ours = matches!(text, "content-type" | "content-length" | "host" | "traceparent" | "connection");
        (fits && plain && !is_ours).then(|| text.to_owned())
    }
}

fn is_origin(url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    bare && url.has_host() && url.path() == "/"
}

form! {
    /// A version of Meta's interface.
    ApiVersion(String), "a version such as \"v26.0\"", |text| {
        let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
        (digits(major, 3) && digits(minor, 2)).then(|| text.to_owned())
    }
}

form! {
    /// What Meta takes as `partner_agent`.
    PartnerAgent(String), "2 to 22 letters, digits, dots, dashes or underscores, two of them letters", |text| {
        let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
        (word(text, 22) && letters >= 2).then(|| text.to_owned())
    }
}

form! {
    /// A filter of log lines. A bare word that is no level would silently name a part, so it is refused.
    Level(String), "off, error, warn, info, debug or trace, or a list such as \"info,portcullis::dispatch=debug\"", |text| {
        let level = |word: &str| matches!(word, "off" | "error" | "warn" | "info" | "debug" | "trace");
        let part = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte));
        let directive = |text: &str| text.split_once('=').map_or(level(text), |(name, word)| part(name) && level(word));
        text.split(',').all(directive).then(|| text.to_owned())
    }
}

form! {
    /// The name of a site in metrics and logs.
    SiteId(String), "1 to 64 letters, digits, dots, dashes or underscores in quotes", |text| word(text, 64).then(|| text.to_owned())
}

form! {
    /// Meta's id of a dataset. In quotes, as Meta's own ids are texts of digits.
    DatasetId(String), "1 to 20 digits in quotes", |text| digits(text, 20).then(|| text.to_owned())
}

form! {
    /// A host name, in the form in which it stands in an address.
    Host(String), "a host name such as \"www.shop.example\", without scheme, port, path or `*`", |text| {
        let Ok(url::Host::Domain(name)) = url::Host::parse(text) else { return None };
        let label = |label: &str| {
            let ends = [label.as_bytes().first(), label.as_bytes().last()];
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !ends.contains(&Some(&b'-'))
        };
        (name.len() <= 253 && name.split('.').all(label)).then_some(name)
    }
}

/// A host of a command line, as one of the configuration.
pub fn host(text: &str) -> Result<String, &'static str> {
    let host = Host::deserialize(StrDeserializer::<ValueError>::new(text));
    host.map(|host| host.0).map_err(|_| "must be a host name such as www.shop.example, without scheme, port or path")
}

form! {
    /// What a site's events are filtered by: `retail@1`, `retail` for the newest, or the path of a file.
    PolicySource(String), "a built-in policy such as \"retail@1\", or a path that holds a `/` or ends in `.toml`", |text| {
        let (name, version) = text.split_once('@').unwrap_or((text, "1"));
        (is_file(text) || (word(name, 32) && digits(version, 5))).then(|| text.to_owned())
    }
}

form! {
    /// The name under which sentinels know a primary.
    PrimaryName(String), "1 to 64 letters, digits, dots, dashes or underscores in quotes", |text| word(text, 64).then(|| text.to_owned())
}

form! {
    /// A user of the access control list.
    RedisUser(String), "the name of a user: 1 to 128 characters of ASCII without spaces", |text| {
        (text.bytes().all(|byte| byte.is_ascii_graphic()) && (1..=128).contains(&text.len())).then(|| text.to_owned())
    }
}

form! {
    /// What keys begin with. A brace would decide on the node of a cluster that has them.
    KeyPrefix(String), "1 to 64 letters, digits, dots, colons, dashes or underscores in quotes", |text| {
        text.split(':').all(|part| word(part, 64)).then(|| text.to_owned()).filter(|text| text.len() <= 64)
    }
}

/// Where a secret is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum SecretSource {
    /// In this variable.
    Env(String),
    /// In this file.
    File(PathBuf),
}

/// What a site shows, or where that is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum KeySource {
    /// The digest alone.
    Sha256([u8; 32]),
    /// The key itself.
    Secret(SecretSource),
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Reference { words: &["env", "file"] })? {
            KeySource::Secret(source) => Ok(source),
            KeySource::Sha256(_) => Err(D::Error::custom("a digest will not do here")),
        }
    }
}

impl<'de> Deserialize<'de> for KeySource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reference { words: &["sha256", "env", "file"] })
    }
}

impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "SecretSource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            table_of::<VariableName>(generator, "env", "The variable that holds it."),
            table_of::<FilePath>(generator, "file", "The file that holds it; a newline at its end is no part of it."),
        ] })
    }
}

impl JsonSchema for KeySource {
    fn schema_name() -> Cow<'static, str> {
        "KeySource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            table_of::<Digest>(generator, "sha256", "Only the digest of the key, so that the configuration holds no secret."),
            table_of::<VariableName>(generator, "env", "The variable that holds the key."),
            table_of::<FilePath>(generator, "file", "The file that holds the key; a newline at its end is no part of it."),
        ] })
    }
}

/// A table of this key alone.
fn table_of<Form: JsonSchema>(generator: &mut SchemaGenerator, key: &str, about: &str) -> Schema {
    let form = generator.subschema_for::<Form>();
    let expected = form.get("description").and_then(|text| text.as_str()).unwrap_or_default();
    json_schema!({
        "type": "object",
        "properties": { (key): { "type": "string", "description": format!("{about} {expected}") } },
        "required": [key],
        "additionalProperties": false,
    })
}

/// Reads a table of exactly one of these keys.
struct Reference {
    words: &'static [&'static str],
}

impl<'de> Visitor<'de> for Reference {
    type Value = KeySource;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("{ env = \"NAME\" } or { file = \"PATH\" }")?;
        if self.words.contains(&"sha256") { f.write_str(" or { sha256 = \"64 hex digits\" }") } else { Ok(()) }
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<KeySource, E> {
        Err(E::custom("secrets are never written here; use { env = \"NAME\" } or { file = \"PATH\" }"))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<KeySource, M::Error> {
        let Some(word) = table.next_key::<String>()? else {
            return Err(M::Error::custom(format!("expected {}", Shown(&self))));
        };
        let source = match word.as_str() {
            "env" => KeySource::Secret(SecretSource::Env(table.next_value::<VariableName>()?.0)),
            "file" => KeySource::Secret(SecretSource::File(table.next_value::<FilePath>()?.0)),
            "sha256" if self.words.contains(&"sha256") => KeySource::Sha256(table.next_value::<Digest>()?.0),
            other => return Err(M::Error::unknown_field(other, self.words)),
        };
        match table.next_key::<IgnoredAny>()? {
            None => Ok(source),
            Some(_) => Err(M::Error::custom(format!("expected one key, not several: {}", Shown(&self)))),
        }
    }
}

struct Shown<'a>(&'a Reference);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }
}

form! {
    /// The name of a variable. A token in its place would not fit, and if it did, the error would name it.
    VariableName(String), "the name of a variable: capital letters, digits and underscores", |text| {
        let fits = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        (fits && (1..=100).contains(&text.len())).then(|| text.to_owned())
    }
}

form! {
    /// A path. Relative ones are relative to the configuration's folder.
    FilePath(PathBuf), "the path of a file in quotes", |text| {
        (!text.is_empty() && text.len() <= 4096 && !text.contains('\0')).then(|| text.into())
    }
}

form! {
    /// The path of a PEM file. Unlike that of a secret it is named in errors, so what could be the key itself is no path.
    PemPath(PathBuf), "the path of a PEM file in quotes, not what it holds", |text| {
        let is_path = !text.contains("-----") && !text.contains(|c: char| c.is_control());
        (is_path && (1..=4096).contains(&text.len())).then(|| text.into())
    }
}

form! {
    /// A SHA-256.
    Digest([u8; 32]), "the SHA-256 of the key as 64 hex digits (`portcullis key new` prints it)", parse_hex
}

fn word(text: &str, longest: usize) -> bool {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    fits && (1..=longest).contains(&text.len())
}

fn digits(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
