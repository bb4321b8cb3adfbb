//! Cards and bank accounts: a card by issuer and check digit, an account by its country's length and check digits; security
//! codes, routing and account numbers by key.

use super::digits::{count, digits, luhn, number};
use super::keyed::Keyed;
use super::shape::{Reach, Shape};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // Card.
    Shape {
        reason: Reason::Payment,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^0-9])([0-9](?:[-. _]?[0-9]){14,15})(?:$|[^0-9])",
        holds: |found| is_card(found.text),
    },
    // Card inside longer digits.
    Shape {
        reason: Reason::Payment,
        reach: Reach::Text,
        pattern: r"([0-9](?:[-. _]?[0-9]){14,15})",
        holds: |found| is_card(found.text) || is_card(first_digits(found.text, 15)),
    },
    // IBAN.
    Shape {
        reason: Reason::Payment,
        reach: Reach::Everywhere,
        // Every account begins with few letters, and has four digits in a row soon; random ids mostly have not.
        pattern: concat!(
            r"([a-z]{2}[0-9]{2}(?:[a-z]{0,4}[0-9][a-z0-9]{0,5}[0-9]{4}[a-z0-9]{1,24}|",
            r"(?:[-. _+][a-z0-9]{4}){2,7}(?:[-. _+][a-z0-9]{1,3})?))"
        ),
        holds: |found| is_iban(found.text),
    },
    // ABA beside its word.
    Shape {
        reason: Reason::Payment,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])(?:aba|routing|rtn)(?:[ _-]?(?:no|number|num))?[ #:=._-]{0,3}([0-9]{9})(?:$|[^0-9])",
        holds: |found| is_aba(found.text),
    },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::Payment,
        keys: "card, card number, card no, credit card, debit card, cc, cc number, cc num, pan, gift card number",
        from: Setting::Retail,
        holds: |value| (12..=19).contains(&count(value.as_bytes())) && luhn(value.as_bytes(), 0),
    },
    Keyed {
        reason: Reason::Payment,
        keys: "cvv, cvc, cvv#, csc, security code, card code",
        from: Setting::Retail,
        holds: |value| matches!(value.len(), 3 | 4) && count(value.as_bytes()) == value.len(),
    },
    Keyed {
        reason: Reason::Payment,
        keys: "routing, routing number, aba, aba number, aba routing",
        from: Setting::Retail,
        holds: |value| is_aba(value.as_bytes()),
    },
    Keyed {
        reason: Reason::Payment,
        keys: "iban, bank account, bank account number, account number, acct number, acct, acct no",
        from: Setting::Retail,
        holds: |value| (5..=34).contains(&value.len()) && count(value.as_bytes()) >= 5,
    },
];

/// Issuer, length and check digit. One in 48 random numbers of sixteen digits passes.
pub(super) fn is_card(text: &[u8]) -> bool {
    let mut head = [0; 4];
    for (place, byte) in head.iter_mut().zip(text.iter().filter(|byte| byte.is_ascii_digit())) {
        *place = *byte;
    }
    let length = count(text);
    let issuer = match number(&head).unwrap_or_default() {
        3400..=3499 | 3700..=3799 => length == 15,
        4000..=4999 | 5100..=5599 | 2221..=2720 | 6011 | 6440..=6599 | 3528..=3589 => length == 16,
        _ => false,
    };
    issuer && luhn(text, 0)
}

/// The text up to its last digit of so many.
fn first_digits(text: &[u8], digits: usize) -> &[u8] {
    let mut places = text.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
    places.nth(digits).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// Countries of the register by length: those whose accounts are digits, then those whose accounts hold letters too. Those of AD
/// could and do not; by it, hex digits would be accounts now and then.
const IBAN_LENGTHS: &[(usize, &str, &str)] = &[
    (15, "NO", ""),
    (16, "BE", ""),
    (18, "DK FI FO GL SD", "FK NL"),
    (19, "SI", "MK"),
    (20, "AT BA EE LT MN XK", "KZ LU"),
    (21, "HR", "CH LI LV"),
    (22, "CR DE ME RS VA", "BG BH GB GE IE"),
    (23, "AE IL SO TL", "GI IQ OM"),
    (24, "AD CZ ES SE SK TN", "MD PK RO SA VG"),
    (25, "LY PT ST", ""),
    (26, "IS", "TR"),
    (27, "BI DJ MR", "FR GR IT MC SM"),
    (28, "HU PL", "AL AZ BY CY DO GT LB NI SV"),
    (29, "EG", "BR PS QA UA"),
    (30, "", "JO KW MU YE"),
    (31, "", "MT SC"),
    (32, "", "LC"),
    (33, "", "RU"),
];

/// Country, length, and the remainder of the check. Half of it or more is digits; without that one long random id in
/// some thousands would be an account. What follows may touch it.
fn is_iban(text: &[u8]) -> bool {
    let Some(country) = text.first_chunk::<2>().map(|letters| letters.map(|letter| letter.to_ascii_uppercase())) else {
        return false;
    };
    // Two letters and a space each.
    let is_in = |list: &str| list.as_bytes().chunks(3).any(|listed| listed.starts_with(&country));
    let Some((length, plain, _)) = IBAN_LENGTHS.iter().find(|(_, plain, mixed)| is_in(plain) || is_in(mixed)) else {
        return false;
    };
    let letters: Vec<u8> = text.iter().filter(|byte| byte.is_ascii_alphanumeric()).take(*length).copied().collect();
    let least = if is_in(plain) { length - 2 } else { length / 2 };
    // The first four go to the end; a letter is a number of two digits, A is 10.
    let moved = letters.iter().skip(4).chain(letters.iter().take(4));
    let remainder = moved.fold(0, |sum, letter| match letter {
        b'0'..=b'9' => (sum * 10 + u32::from(letter - b'0')) % 97,
        _ => (sum * 100 + u32::from(letter.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    letters.len() == *length && count(&letters) >= least && remainder == 1
}

/// The ranges that are given out, and the check digit by weights 3, 7, 1.
pub(super) fn is_aba(text: &[u8]) -> bool {
    let Some(all) = digits::<9>(text) else { return false };
    let sum: u32 = all.iter().zip([3, 7, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    let given = matches!(text.get(..2).and_then(number), Some(0..=12 | 21..=32 | 61..=72 | 80));
    given && text.len() == 9 && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_id, hits_key, hits_text, passes_id, passes_key, passes_text};
    use super::*;

    #[test]
    fn cards_are_found_with_and_without_separators() {
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "5500-0000-0000-0004",
            "378282246310005",
            "paid:6011000990139424.",
            "124111111111111111345",
            "1378282246310005",
        ] {
            hits_text(Reason::Payment, text);
        }
        for text in ["4111111111111112", "9111111111111111", "1723400000000"] {
            passes_text(text);
        }
        passes_id("4111111111111111");
        hits_key(Reason::Payment, "cardNumber", "6304000000000000");
        passes_key("size", "4222222222222");
    }

    #[test]
    fn accounts_are_found_in_ids_too() {
        for text in [
            "DE89370400440532013000",
            "GB29 NWBK 6016 1331 9268 19",
            "order_fr1420041010050500013m02606",
            "GB29 NWBK 6016 1331 9268 19 thanks",
            "RO49AAAA1B31007593840000",
            "KZ86125KZT5004100100",
            "IT60X0542811101000000123456",
            "MT84MALT011000012345MTLCAST001S",
            "NO9386011117947",
            "SA0380000000608010167519",
            "12DE8937040044053201300034",
        ] {
            hits_id(Reason::Payment, text);
        }
        for text in ["DE89370400440532013001", "DE893704004405320130", "ZZ89370400440532013000"] {
            passes_id(text);
        }
    }

    #[test]
    fn banks_and_codes_need_a_key() {
        hits_key(Reason::Payment, "routing_number", "021000021");
        hits_key(Reason::Payment, "cvv", "123");
        hits_text(Reason::Payment, "aba# 021000021");
        passes_text("021000021");
        passes_key("routing", "021000022");
    }
}
