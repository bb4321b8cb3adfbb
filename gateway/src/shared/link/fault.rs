//! What an error of the library means for us, in words of our own: what the library or the server says may hold a piece of a key, an
//! argument, a host or a name of a user.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind};
use rustls::{AlertDescription, CertificateError};

use crate::shared::SharedError;

/// What is not known better.
const BROKE: &str = "the connection broke";

/// What went wrong with `what`.
pub(super) fn read(what: &'static str, error: &RedisError) -> SharedError {
    if let Some(words) = of_code(error.code().unwrap_or_default()) {
        return SharedError::Away(words.to_owned());
    }
    match (error.kind(), error.code()) {
        (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS")) => {
            unfit("it refuses the user or the password; correct redis.username, redis.password or what stands in redis.url")
        }
        (_, Some("NOAUTH")) => unfit("it asks for a password; give redis.password, or put it into redis.url"),
        (_, Some("OOM")) => SharedError::Full,
        (ErrorKind::Parse, _) => {
            SharedError::Away("it speaks another protocol, perhaps TLS; see rediss:// in redis.url".to_owned())
        }
        (ErrorKind::UnexpectedReturnType, _) => SharedError::Strange(what),
        (ErrorKind::Server(ServerErrorKind::NoPerm), _) => SharedError::Refused {
            what,
            code:
                "NOPERM, as its access control list does not allow that to our user; docs/redis.md has its lines, in which \
                   redis.prefix stands"
                    .to_owned(),
        },
        (_, Some(code)) => SharedError::Refused { what, code: code.to_owned() },
        (_, None) => of_connection(error),
    }
}

/// What went wrong while a connection was made. A server that takes nothing but TLS hangs up on whoever speaks none.
pub(super) fn at_connect(error: &RedisError, speaks_tls: bool) -> SharedError {
    match read("a connection", error) {
        SharedError::Away(reason) if reason == BROKE && !speaks_tls => SharedError::Away(
            "it ended the connection at once; if it takes nothing but TLS, write rediss:// in redis.url".to_owned(),
        ),
        read => read,
    }
}

/// No answer came before the deadline.
pub(super) fn silence() -> SharedError {
    SharedError::Away("it does not answer in time".to_owned())
}

/// It did not answer a beginning of TLS: a server that speaks none waits for more.
pub(super) fn no_tls() -> SharedError {
    SharedError::Away("TLS with it failed; if it speaks none, write redis:// in redis.url".to_owned())
}

/// Codes that say: not this server, or not now.
fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "READONLY" => "it is not the primary any more",
        "MASTERDOWN" => "it is a replica whose primary is away",
        "LOADING" => "it is loading its data",
        "CLUSTERDOWN" => "its cluster is not complete",
        "MOVED" => "its cluster was laid out anew",
        "ASK" | "TRYAGAIN" => "its cluster is being laid out anew",
        "UNBLOCKED" => "it became a replica",
        "NOREPLICAS" => "it has fewer replicas than its min-replicas-to-write",
        "MISCONF" => "it cannot write to its disk",
        "BUSY" => "a script that is not ours keeps it busy",
        _ => return None,
    })
}

fn of_connection(error: &RedisError) -> SharedError {
    let mut cause = error.source();
    while let Some(found) = cause {
        // The library shares its causes.
        let shared = found.downcast_ref::<Arc<dyn Error + Send + Sync>>();
        let found: &(dyn Error + 'static) = shared.map_or(found, |shared| &**shared);
        let system = found.downcast_ref::<io::Error>();
        // An error of the system holds the one that it was made of beside its chain of causes.
        let held = system.and_then(io::Error::get_ref).and_then(|held| held.downcast_ref::<rustls::Error>());
        if let Some(tls) = found.downcast_ref::<rustls::Error>().or(held) {
            return of_tls(tls);
        }
        if let Some(system) = system {
            return SharedError::Away(of_system(system).to_owned());
        }
        cause = found.source();
    }
    SharedError::Away(BROKE.to_owned())
}

fn of_system(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens at its address",
        io::ErrorKind::TimedOut => "it does not answer in time",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "there is no way to its address",
        io::ErrorKind::InvalidInput => "its address is none",
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => BROKE,
        // Errors of looking up a name have neither a kind that can be named nor a number.
        _ if error.raw_os_error().is_none() => "its name is not known, or cannot be looked up",
        _ => BROKE,
    }
}

fn of_tls(error: &rustls::Error) -> SharedError {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            unfit("its certificate is of an authority that is not trusted; name that authority's in redis.ca_file")
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => unfit("its certificate is for another name than redis.url calls it by"),
        rustls::Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => unfit("its certificate is not valid at this time"),
        rustls::Error::InvalidCertificate(_) => unfit("its certificate cannot be verified"),
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::HandshakeFailure
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired,
        ) => unfit("it does not take our certificate, or wants one; see redis.client_cert"),
        _ => no_tls(),
    }
}

fn unfit(words: &str) -> SharedError {
    SharedError::Unfit(words.to_owned())
}
