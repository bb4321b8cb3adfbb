//! What tells who somebody is, where and when, and what opens their account.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Kind, Secret, glued};
use crate::chance::Chance;

#[rustfmt::skip]
static FIRST: &[&str] = &["Jane", "Marcus", "Priya", "Wilhelmina", "Dmitri", "Guadalupe", "Terrence", "Oluwaseun", "Katarzyna", "Beatriz"];
#[rustfmt::skip]
static LAST: &[&str] = &["Kowalczyk", "Abernathy", "Featherstone", "Okonkwo", "Villanueva", "Hargreaves", "Szymanski", "Papadakis", "Lindqvist"];
#[rustfmt::skip]
static STREETS: &[&str] = &["Evergreen", "Willow Creek", "Old Mill", "Magnolia", "Hawthorne", "North Pine", "Sycamore Hill"];
static SUFFIXES: &[&str] = &["St", "Ave", "Rd", "Blvd", "Lane", "Drive", "Street", "Avenue", "Court"];
static DOMAINS: &[&str] = &["gmail.com", "example.com", "hotmail.co.uk", "proton.me", "mail.example.org", "yahoo.com"];

const ALPHANUMERIC: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub(super) fn secret(kind: Kind, chance: &mut Chance) -> Secret {
    let (first, last) = (chance.pick(FIRST), chance.pick(LAST));
    match kind {
        Kind::Email => {
            let gap = chance.pick(&[".", "_", "+", ""]);
            let local = format!("{first}{gap}{last}{}", chance.digits(2)).to_lowercase();
            let text = format!("{local}@{}", chance.pick(DOMAINS));
            Secret { traces: vec![glued(&local)], ..Secret::new(kind, text) }
        }
        Kind::Doctor => {
            let text = match chance.below(4) {
                0 => format!("Dr. {first} {last}"),
                1 => format!("dr-{first}-{last}").to_lowercase(),
                2 => format!("{first} {last}, MD"),
                _ => format!("Mrs. {first} {last}"),
            };
            Secret { traces: vec![glued(&format!("{first}{last}"))], ..Secret::new(kind, text) }
        }
        Kind::Name => Secret::keyed(
            kind,
            chance.pick(&["patientName", "full_name", "customerName", "name"]),
            format!("{first} {last}"),
        ),
        Kind::BirthDate => {
            let (year, month, day) = (1931 + chance.below(70), 1 + chance.below(12), 1 + chance.below(28));
            let text = match chance.below(4) {
                0 => format!("{year}-{month:02}-{day:02}"),
                1 => format!("{month:02}/{day:02}/{year}"),
                2 => format!("{day:02}.{month:02}.{year}"),
                _ => format!("{year}{month:02}{day:02}"),
            };
            Secret::keyed(kind, chance.pick(&["dob", "birthDate", "date_of_birth", "bday"]), text)
        }
        Kind::Appointment => {
            let (month, day, hour) = (10 + chance.below(3), 1 + chance.below(28), 8 + chance.below(10));
            let text = match chance.below(3) {
                0 => format!("2026-{month}-{day:02}T{hour:02}:30"),
                1 => format!("2026-{month}-{day:02} {hour:02}:15"),
                _ => format!("{month}/{day:02}/2026 {hour}:45"),
            };
            Secret::keyed(kind, chance.pick(&["apptDate", "appointment_time", "slot", "appointmentDateTime"]), text)
        }
        Kind::StreetAddress => {
            let (number, street) = (chance.digits(3), chance.pick(STREETS));
            let text = match chance.below(5) {
                0 => format!("PO Box {}", chance.digits(5)),
                1 => format!("{number} {street} {} Apt {}", chance.pick(SUFFIXES), chance.digits(1)),
                _ => format!("{number} {street} {}", chance.pick(SUFFIXES)),
            };
            let trace = if text.starts_with("PO") { glued(&text) } else { glued(&format!("{number}{street}")) };
            Secret { traces: vec![trace], ..Secret::new(kind, text) }
        }
        Kind::Coordinates => {
            let text =
                format!("{}.{},-{}.{}", 30 + chance.below(15), chance.digits(6), 75 + chance.below(45), chance.digits(6));
            Secret::new(kind, text)
        }
        Kind::IpAddress => {
            let octet = |chance: &mut Chance| 100 + chance.below(120);
            let text = match chance.below(3) {
                0 => format!(
                    "2a02:8109:{:x}:{:x}::{:x}",
                    4096 + chance.below(60000),
                    4096 + chance.below(60000),
                    4096 + chance.below(60000)
                ),
                _ => format!("{}.{}.{}.{}", octet(chance), octet(chance), octet(chance), octet(chance)),
            };
            Secret::new(kind, text)
        }
        Kind::Jwt => jwt(chance, first, last),
        _ => api_key(chance),
    }
}

fn jwt(chance: &mut Chance, first: &str, last: &str) -> Secret {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let email = format!("{first}.{last}@{}", chance.pick(DOMAINS)).to_lowercase();
    let payload = match chance.below(2) {
        // Short enough to fit where a token may stand.
        0 => format!("{{\"sub\":\"{}\"}}", chance.digits(8)),
        _ => format!("{{\"sub\":\"{email}\"}}"),
    };
    let signature = chance.text(ALPHANUMERIC, 10);
    let text = format!("{}.{}.{signature}", encode("{\"alg\":\"HS256\"}"), encode(&payload));
    let traces = vec![glued(&text), glued(&encode(&payload)), glued(&format!("{first}{last}"))];
    Secret { traces, ..Secret::new(Kind::Jwt, text) }
}

fn api_key(chance: &mut Chance) -> Secret {
    let text = match chance.below(4) {
        0 => format!("sk_live_{}", chance.text(ALPHANUMERIC, 24)),
        1 => format!("AKIA{}", chance.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        2 => format!("ghp_{}", chance.text(ALPHANUMERIC, 36)),
        _ => format!("Bearer {}", chance.text(ALPHANUMERIC, 32)),
    };
    let trace = glued(text.trim_start_matches("Bearer "));
    Secret { traces: vec![trace], ..Secret::new(Kind::ApiKey, text) }
}
