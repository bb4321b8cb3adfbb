//! The address of Redis: `redis[s]://[user[:password]@]host[:port][/database]`, several with commas between.
//!
//! What a later address leaves out is that of the first; what it says must be the same. No error holds a piece of the text, which
//! may be a password that is written wrongly.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::{Host, Url};

use super::super::Node;

/// What an address says.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) nodes: Vec<Node>,
    pub(super) tls: bool,
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) database: u32,
}

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    #[error(
        "is no address of the form redis[s]://[user[:password]@]host[:port][/database]; several stand with commas between"
    )]
    Form,
    #[error("begins with another scheme than redis:// or rediss://")]
    Scheme,
    #[error("names no host, or one that is neither a name nor an address")]
    Host,
    #[error("has a database that is no number; leave it out for 0, and write odd characters of a password, `/` too, as %XX")]
    Database,
    #[error("holds a `?` or `#`; if that is a piece of the password, write it as %3F or %23")]
    More,
    #[error("holds a user or a password with characters that are written neither as they are nor as %XX of UTF-8")]
    Encoding,
    #[error("holds addresses that differ in more than host and port; user, password, database and TLS are the same for all")]
    Differ,
}

/// Reads a text. Addresses without a port have `usual_port`.
pub(super) fn read(text: &str, usual_port: u16) -> Result<Address, AddressError> {
    let mut pieces = text.split(',');
    let first = pieces.next().ok_or(AddressError::Form)?;
    let (scheme, _) = first.split_once("://").ok_or(AddressError::Form)?;
    let url = parse(first)?;
    let credentials = (url.username().to_owned(), url.password().map(str::to_owned));
    let database = database(&url)?;
    let mut nodes = vec![node(&url, usual_port)?];
    for piece in pieces {
        let whole = if piece.contains("://") { piece.to_owned() } else { format!("{scheme}://{piece}") };
        let other = parse(&whole)?;
        let says_nothing = other.username().is_empty() && other.password().is_none();
        let same = (other.username(), other.password()) == (&*credentials.0, credentials.1.as_deref());
        let path = other.path().trim_start_matches('/');
        let same_database = path.is_empty() || self::database(&other)? == database;
        if other.scheme() != url.scheme() || !(says_nothing || same) || !same_database {
            return Err(AddressError::Differ);
        }
        nodes.push(node(&other, usual_port)?);
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| AddressError::Encoding);
    let username = Some(decoded(&credentials.0)?).filter(|name| !name.is_empty());
    let password = credentials.1.as_deref().map(decoded).transpose()?.filter(|text| !text.is_empty());
    Ok(Address { nodes, tls: url.scheme() == "rediss", username, password: password.map(SecretString::from), database })
}

fn parse(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|_| AddressError::Form)?;
    if !matches!(url.scheme(), "redis" | "rediss") {
        return Err(AddressError::Scheme);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(AddressError::More);
    }
    Ok(url)
}

fn database(url: &Url) -> Result<u32, AddressError> {
    let path = url.path().trim_start_matches('/');
    if path.is_empty() { Ok(0) } else { path.parse().map_err(|_| AddressError::Database) }
}

fn node(url: &Url, usual_port: u16) -> Result<Node, AddressError> {
    let host = match url.host().ok_or(AddressError::Host)? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte);
    if host.is_empty() || host.len() > 253 || !host.bytes().all(fits) {
        return Err(AddressError::Host);
    }
    match url.port() {
        Some(0) => Err(AddressError::Form),
        port => Ok(Node { host, port: port.unwrap_or(usual_port) }),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn nodes(text: &str) -> Vec<(String, u16)> {
        read(text, 6379).unwrap().nodes.into_iter().map(|node| (node.host, node.port)).collect()
    }

    #[test]
    fn each_part_is_found() {
        let address = read("rediss://gate:p%40ss%2Cw%3Ard@redis.example:7000/3", 6379).unwrap();
        assert!(address.tls);
        assert_eq!(address.username.as_deref(), Some("gate"));
        assert_eq!(address.password.unwrap().expose_secret(), "p@ss,w:rd");
        assert_eq!(address.database, 3);
        let plain = read("redis://:only-a-password@redis.example", 6379).unwrap();
        assert_eq!((plain.tls, plain.username, plain.database), (false, None, 0));
        assert_eq!(plain.password.unwrap().expose_secret(), "only-a-password");
        assert_eq!(nodes("redis://[::1]:7000/"), [("::1".to_owned(), 7000)]);
        assert_eq!(nodes("redis://10.0.0.1"), [("10.0.0.1".to_owned(), 6379)]);
    }

    #[test]
    fn several_share_what_the_first_says() {
        let three = [("a".to_owned(), 1), ("b".to_owned(), 2), ("c".to_owned(), 6379)];
        assert_eq!(nodes("redis://u:p@a:1/0,b:2,redis://u:p@c"), three);
        for text in ["redis://a,rediss://b", "redis://u:p@a,redis://u:q@b", "redis://a/1,b/2", "redis://a,u:p@b"] {
            assert_eq!(read(text, 6379).unwrap_err(), AddressError::Differ, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_not_quoted() {
        for (text, error) in [
            ("canary", AddressError::Form),
            ("canary:6379", AddressError::Form),
            ("", AddressError::Form),
            ("redis://a,", AddressError::Host),
            ("http://canary", AddressError::Scheme),
            ("redis://", AddressError::Host),
            ("redis://u:canary@", AddressError::Form),
            ("redis://a:0", AddressError::Form),
            ("redis://a:canary", AddressError::Form),
            ("redis://a:70000", AddressError::Form),
            ("redis://a/canary", AddressError::Database),
            ("redis://a/-1", AddressError::Database),
            ("redis://u:can?ary@a", AddressError::Form),
            ("redis://a?db=canary", AddressError::More),
            ("redis://u:%ff@a", AddressError::Encoding),
            ("redis://can%20ary", AddressError::Host),
        ] {
            let refused = read(text, 6379).unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("canary"));
        }
    }
}
