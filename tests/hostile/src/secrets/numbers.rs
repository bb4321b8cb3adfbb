//! Numbers that states, banks and makers give out, with valid check digits.

use super::{Kind, Secret, glued};
use crate::chance::Chance;

pub(super) fn secret(kind: Kind, chance: &mut Chance) -> Secret {
    match kind {
        Kind::Phone => phone(chance),
        Kind::Ssn => {
            let area = 100 + chance.below(500);
            let area = if area == 123 || area == 219 { 401 } else { area };
            Secret::new(kind, format!("{area}-{:02}-{:04}", 10 + chance.below(89), 1000 + chance.below(8999)))
        }
        Kind::Itin => {
            let group = chance.pick(&["50", "65", "70", "81", "88", "90", "94", "99"]);
            Secret::new(kind, format!("9{:02}-{group}-{}", 10 + chance.below(89), chance.digits(4)))
        }
        Kind::Card => card(chance),
        Kind::Iban => iban(chance),
        Kind::Routing => Secret::keyed(kind, chance.pick(&["routing_number", "abaRouting", "routing"]), routing(chance)),
        Kind::Passport => Secret::keyed(kind, chance.pick(&["passport", "passportNumber", "passport_no"]), chance.digits(9)),
        Kind::Vin => Secret::keyed(kind, "vin", vin(chance)),
        _ => Secret::keyed(
            Kind::Imei,
            chance.pick(&["imei", "deviceImei"]),
            with_luhn(&format!("35{}", chance.digits(12)), 0),
        ),
    }
}

fn phone(chance: &mut Chance) -> Secret {
    let area = chance.pick(&["415", "212", "312", "617", "713", "206", "404"]);
    let (office, line) = (format!("{}{}", 2 + chance.below(8), chance.pick(&["02", "34", "57", "86"])), chance.digits(4));
    let text = match chance.below(6) {
        0 => format!("({area}) {office}-{line}"),
        1 => format!("+1 {area} {office} {line}"),
        2 => format!("{area}-{office}-{line}"),
        3 => format!("{area}.{office}.{line}"),
        4 => format!("+1{area}{office}{line}"),
        _ => {
            let digits = format!("20{}", chance.digits(8));
            let secret = Secret::new(Kind::Phone, format!("+44 {} {} {}", &digits[..2], &digits[2..6], &digits[6..]));
            return Secret { traces: vec![digits], ..secret };
        }
    };
    Secret { traces: vec![format!("{area}{office}{line}")], ..Secret::new(Kind::Phone, text) }
}

fn card(chance: &mut Chance) -> Secret {
    let digits = match chance.below(4) {
        0 => with_luhn(&format!("4{}", chance.digits(14)), 0),
        1 => with_luhn(&format!("5{}{}", 1 + chance.below(5), chance.digits(13)), 0),
        2 => with_luhn(&format!("37{}", chance.digits(12)), 0),
        _ => with_luhn(&format!("6011{}", chance.digits(11)), 0),
    };
    let gap = chance.pick(&["", "-", " "]);
    let groups: Vec<&str> = match digits.len() {
        15 => vec![&digits[..4], &digits[4..10], &digits[10..]],
        _ => vec![&digits[..4], &digits[4..8], &digits[8..12], &digits[12..]],
    };
    Secret::new(Kind::Card, groups.join(gap))
}

/// A number with its check digit by Luhn's rule; `start` is what counts before it.
fn with_luhn(digits: &str, start: u32) -> String {
    let value = |(at, digit): (usize, char)| {
        let digit = digit.to_digit(10).unwrap_or(0);
        match (at % 2, digit) {
            (0, 0..=4) => 2 * digit,
            (0, _) => 2 * digit - 9,
            _ => digit,
        }
    };
    let sum: u32 = start + digits.chars().rev().enumerate().map(value).sum::<u32>();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// A number of a provider: Luhn's rule over `80840` and the number.
pub(super) fn npi(chance: &mut Chance) -> String {
    with_luhn(&format!("1{}", chance.digits(8)), 24)
}

fn iban(chance: &mut Chance) -> Secret {
    let (country, account) = match chance.below(3) {
        0 => ("DE", chance.digits(18)),
        1 => ("GB", format!("NWBK{}", chance.digits(14))),
        _ => ("FR", format!("{}M02606", chance.digits(17))),
    };
    let value = |c: char| if c.is_ascii_digit() { u32::from(c) - 48 } else { u32::from(c) - 55 };
    let rest = format!("{account}{country}00").chars().fold(0, |rest, c| {
        let value = value(c);
        (rest * if value > 9 { 100 } else { 10 } + value) % 97
    });
    let text = format!("{country}{:02}{account}", 98 - rest);
    let spaced: Vec<&str> = text.as_bytes().chunks(4).filter_map(|chunk| std::str::from_utf8(chunk).ok()).collect();
    let gap = chance.pick(&["", " "]);
    Secret { traces: vec![glued(&text)], ..Secret::new(Kind::Iban, spaced.join(gap)) }
}

/// The number of a bank in the United States: weights 3, 7, 1.
fn routing(chance: &mut Chance) -> String {
    let front = format!("{}{}", chance.pick(&["02", "11", "12", "26", "31"]), chance.digits(6));
    let sum: u32 =
        front.chars().zip([3, 7, 1, 3, 7, 1, 3, 7]).filter_map(|(c, weight)| Some(c.to_digit(10)? * weight)).sum();
    format!("{front}{}", (10 - sum % 10) % 10)
}

/// The number of a vehicle, with its ninth character checking the others.
fn vin(chance: &mut Chance) -> String {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |c: char| match c {
        '0'..='9' => u32::from(c) - 48,
        'A'..='H' => u32::from(c) - 64,
        'J'..='N' => u32::from(c) - 73,
        'P' => 7,
        'R' => 9,
        other => u32::from(other) - 81,
    };
    let mut text: Vec<char> =
        format!("1HG{}0{}{}", chance.text("ABCDEFGH2345", 5), chance.text("KLMNPR", 2), chance.digits(6)).chars().collect();
    let sum: u32 = text.iter().zip(WEIGHTS).map(|(c, weight)| value(*c) * weight).sum();
    text[8] = char::from_digit(sum % 11, 10).unwrap_or('X');
    text.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_documented_samples() {
        assert_eq!(with_luhn("411111111111111", 0), "4111111111111111");
        assert_eq!(with_luhn("123456789", 24), "1234567893", "the sample of the provider numbers");
        let mut chance = Chance::new(1);
        for _ in 0..50 {
            assert_eq!(vin(&mut chance).len(), 17);
            let iban = iban(&mut chance).traces[0].to_uppercase();
            let moved = format!("{}{}", &iban[4..], &iban[..4]);
            let rest = moved.chars().fold(0u32, |rest, c| {
                let value = c.to_digit(36).unwrap();
                (rest * if value > 9 { 100 } else { 10 } + value) % 97
            });
            assert_eq!(rest, 1, "{iban}");
        }
    }
}
