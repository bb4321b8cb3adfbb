//! Numbers: bounded, and exact to the digit. Nothing here passes through a float.

use std::borrow::Cow;

use crate::cut;
use crate::event::{Leaving, Value};

/// Ten-thousandths: every decimal has at most four fraction digits.
const SCALE: i64 = 10_000;

/// A whole number from `min` to `max`.
pub(crate) fn integer(value: &Value<'_>, min: i64, max: i64) -> Option<i64> {
    super::whole(value).filter(|number| (min..=max).contains(number))
}

/// A decimal from 0 to `max`, as JSON. Up to four fraction digits it keeps its text; more are rounded half to even, because
/// floats arrive as 434.99999999999994. An exponent, a sign or a leading zero is no decimal.
pub(crate) fn decimal<'v>(value: &'v Value<'_>, max: u32) -> Option<Cow<'v, str>> {
    let text = decimal_text(value)?;
    let scaled = parse_decimal(text)?;
    if scaled > i64::from(max) * SCALE {
        return None;
    }
    let fraction_digits = cut::once(text, b'.').map_or(0, |(_, fraction)| fraction.len());
    Some(if fraction_digits <= 4 { Cow::Borrowed(text) } else { Cow::Owned(to_text(scaled)) })
}

/// The decimal rounded to a multiple of `step` (ten-thousandths), half to even, as JSON; and whether that changed it.
pub(crate) fn round_decimal(value: &Value<'_>, max: u32, step: i64) -> Option<(String, bool)> {
    let scaled = parse_decimal(&decimal(value, max)?)?;
    // Rounding up may lead above the bound; then no multiple is near enough to leave in its place.
    let rounded = round_half_even(scaled, step).filter(|rounded| *rounded <= i64::from(max) * SCALE)?;
    Some((to_text(rounded), rounded != scaled))
}

/// One to `most` decimals from 0 to `max`, none smaller than the one before it. A range is one value: half of one would say
/// something else.
pub(crate) fn range<'v>(value: &'v Value<'_>, most: u8, max: u32) -> Option<Vec<Leaving<'v>>> {
    let elements = value.elements();
    if elements.is_empty() || elements.len() > usize::from(most) {
        return None;
    }
    let mut lowest = 0;
    let mut numbers = Vec::with_capacity(elements.len());
    for element in elements {
        let number = decimal(element, max)?;
        let scaled = parse_decimal(&number).filter(|scaled| *scaled >= lowest)?;
        lowest = scaled;
        numbers.push(Leaving::Literal(number));
    }
    Some(numbers)
}

/// An amount from 0 to `max` with two fraction digits at most, a space, and an ISO 4217 code: `12.50 USD`.
pub(crate) fn price(text: &str, max: u32) -> Option<Cow<'_, str>> {
    let (amount, code) = cut::once(text, b' ')?;
    let currency = super::currency(code)?;
    let fraction_digits = cut::once(amount, b'.').map_or(0, |(_, fraction)| fraction.len());
    let fits = parse_decimal(amount)? <= i64::from(max) * SCALE && fraction_digits <= 2 && code.len() == currency.len();
    fits.then(|| if code == currency { Cow::Borrowed(text) } else { Cow::Owned(format!("{amount} {currency}")) })
}

fn decimal_text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Number(text) => Some(text),
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Ten-thousandths of a plain decimal text.
pub(crate) fn parse_decimal(text: &str) -> Option<i64> {
    let (whole, fraction) = cut::once(text, b'.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // Twelve digits cannot overflow, and 64 are more than any float prints.
    if !digits(whole) || whole.len() > 12 || (whole.len() > 1 && whole.starts_with('0')) || text.len() > 64 {
        return None;
    }
    let mut scaled = whole.parse::<i64>().ok()?.checked_mul(SCALE)?;
    if let Some(fraction) = fraction {
        if !digits(fraction) {
            return None;
        }
        let mut weight = SCALE / 10;
        for digit in fraction.bytes().take(4) {
            scaled += i64::from(digit - b'0') * weight;
            weight /= 10;
        }
        let mut rest = fraction.bytes().skip(4);
        match rest.next() {
            Some(b'6'..=b'9') => scaled += 1,
            Some(b'5') if rest.any(|digit| digit != b'0') || scaled % 2 == 1 => scaled += 1,
            _ => {}
        }
    }
    Some(scaled)
}

fn round_half_even(scaled: i64, step: i64) -> Option<i64> {
    let steps = scaled.checked_div(step)?;
    let rest = scaled.checked_rem(step)?.checked_mul(2)?;
    let up = rest > step || (rest == step && steps % 2 == 1);
    (steps + i64::from(up)).checked_mul(step)
}

/// Without needless zeros: `435`, `434.9`, `0.05`.
fn to_text(scaled: i64) -> String {
    let (whole, fraction) = (scaled / SCALE, scaled % SCALE);
    if fraction == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{fraction:04}");
    text.trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(text: &str) -> Option<String> {
        let number = decimal(&Value::Number(text), 99_999_999).map(Cow::into_owned);
        assert_eq!(number, decimal(&Value::Text(text.into()), 99_999_999).map(Cow::into_owned));
        number
    }

    #[test]
    fn decimals_keep_their_text_or_are_rounded_half_to_even() {
        for same in ["0", "29.90", "107.97", "99999999", "0.0001", "61.725"] {
            assert_eq!(leaves(same).as_deref(), Some(same));
        }
        for (long, short) in [
            ("434.99999999999994", "435"),
            ("0.00005", "0"),
            ("0.00015", "0.0002"),
            ("0.000050001", "0.0001"),
            ("1.23456", "1.2346"),
            ("2.00001", "2"),
        ] {
            assert_eq!(leaves(long).as_deref(), Some(short));
        }
        for bad in ["", "-1", "1e3", "1E3", "+1", " 1", "007", "1.", ".5", "1.2.3", "100000000", "4155550007", "NaN", "٣"] {
            assert_eq!(leaves(bad), None, "{bad}");
        }
    }

    #[test]
    fn ranges_leave_whole_or_not_at_all() {
        let fits = |numbers: &[&'static str]| {
            let list = Value::List(numbers.iter().map(|number| Value::Number(number)).collect());
            range(&list, 2, 99).map(|numbers| numbers.len())
        };
        assert_eq!(fits(&["1", "2.5"]), Some(2));
        assert_eq!(fits(&["0", "0"]), Some(2));
        assert_eq!(fits(&["99"]), Some(1));
        for bad in [&[][..], &["2", "1"], &["1", "100"], &["1", "2", "3"], &["1", "x"], &["-1", "2"]] {
            assert_eq!(fits(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn prices_are_an_amount_and_a_currency() {
        for (came, leaves) in [("12.50 USD", "12.50 USD"), ("18000 eur", "18000 EUR"), ("0 JPY", "0 JPY")] {
            assert_eq!(price(came, 99_999_999).as_deref(), Some(leaves));
        }
        for bad in [
            "",
            "12.50",
            "12.50USD",
            "12.50  USD",
            "USD 12.50",
            "12.505 USD",
            "100000000 USD",
            "4155550007 USD",
            "1e3 USD",
            "12 XXX",
            "12 USD ",
        ] {
            assert_eq!(price(bad, 99_999_999), None, "{bad}");
        }
    }

    #[test]
    fn rounding_is_to_a_multiple() {
        let round = |text, step| round_decimal(&Value::Number(text), 99_999_999, step);
        assert_eq!(round("107.97", 10_000), Some(("108".into(), true)));
        assert_eq!(round("107.5", 10_000), Some(("108".into(), true)));
        assert_eq!(round("106.5", 10_000), Some(("106".into(), true)));
        assert_eq!(round("107.97", 50_000), Some(("110".into(), true)));
        assert_eq!(round("110", 50_000), Some(("110".into(), false)));
        assert_eq!(round("1.23", 500), Some(("1.25".into(), true)));
    }
}
