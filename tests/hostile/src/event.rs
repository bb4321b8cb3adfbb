//! One hostile event: an ordinary one in which one secret stands at one place, written in one way.

use std::fmt::Write as _;

use serde_json::Value;

use crate::chance::Chance;
use crate::encodings::{Chain, Encoding};
use crate::ordinary::{self, Site};
use crate::places::{self, Part, Place};
use crate::secrets::{Kind, Secret};

/// A hostile event.
#[derive(Debug)]
pub struct Hostile {
    pub secret: Secret,
    pub place: Place,
    pub chain: Chain,
    /// The event as a caller sends it.
    pub raw: String,
    /// How many goods there were before the secret was put in.
    pub goods: usize,
}

/// Makes hostile events. Numbers that follow each other go round all places, so that a run of some thousands visits each; every
/// second one goes round those of which something can leave.
#[derive(Debug)]
pub struct Generator {
    site: Site,
    seed: u64,
    places: Vec<Place>,
    leaving: Vec<Place>,
}

impl Generator {
    /// For a site; the same seed gives the same events.
    pub fn new(site: Site, seed: u64) -> Self {
        let places = places::all();
        let leaving = places.iter().copied().filter(|place| place.can_leave()).collect();
        Self { site, seed, places, leaving }
    }

    /// The event of a number.
    pub fn event(&self, number: u64) -> Hostile {
        let mut chance = Chance::of_event(self.seed, number);
        let list = if number.is_multiple_of(2) { &self.places } else { &self.leaving };
        let place = list[usize::try_from(number / 2).unwrap_or(0) % list.len()];
        let kind = chance.pick(Kind::ALL);
        self.with(kind, place, Chain::random(&mut chance), &mut chance)
    }

    /// An event with a secret of this kind, at this place, written so.
    pub fn with(&self, kind: Kind, place: Place, mut chain: Chain, chance: &mut Chance) -> Hostile {
        let secret = Secret::of(kind, chance);
        // A number with digits glued to it is another number.
        if !kind.is_health_word() {
            chain = chain.without(Encoding::DigitGlued);
        }
        // A key to an account in other letters is another key.
        if matches!(kind, Kind::ApiKey | Kind::Jwt) {
            for encoding in [Encoding::Upper, Encoding::MixedCase, Encoding::Title, Encoding::Camel] {
                chain = chain.without(encoding);
            }
        }
        // Nobody writes a number of Medicare in both cases, and random ids often look like one that is.
        if kind == Kind::Mbi {
            chain = chain.without(Encoding::MixedCase);
        }
        // A plus that stands for a space takes away the one that stands for itself.
        if secret.text.contains('+') {
            chain = chain.without(Encoding::Plus);
        }
        // Hosts are written in lower case, so base64 does not survive in one that the standard has written anew.
        if matches!(place, Place::Page(Part::Punycode) | Place::Referrer(Part::Punycode))
            && !chain.all(Encoding::is_spelling)
        {
            chain = Chain::one(Encoding::LookAlike);
        }
        // An address is told by its words, which camel case runs into one.
        if kind == Kind::StreetAddress {
            chain = chain.without(Encoding::Camel);
        }
        let mut event = ordinary::event(self.site, chance);
        let goods = event["custom_data"]["contents"].as_array().map_or(0, Vec::len);
        // Where no key can stand beside it, the key is sometimes written into the text.
        let text = match secret.key {
            Some(key) if !place.has_key() && chance.one_in(3) => {
                format!("{key}{}{}", chance.pick(&[":", "=", ": "]), secret.text)
            }
            _ => secret.text.clone(),
        };
        let mut text = chain.apply(&text, chance);
        // Hexadecimal digits without a letter are a number to any reader.
        if kind.is_health_word() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            (chain, text) = (Chain::one(Encoding::Plain), secret.text.clone());
        }
        place.put(&mut event, self.site, &secret, &text, chance);
        let raw = if chance.one_in(6) { escaped(&event) } else { event.to_string() };
        Hostile { secret, place, chain, raw, goods }
    }
}

/// The same JSON, every letter in texts and keys as an escape.
fn escaped(event: &Value) -> String {
    let (mut out, mut in_text, mut after_backslash) = (String::new(), false, false);
    for c in event.to_string().chars() {
        let is_border = c == '"' && !after_backslash;
        in_text ^= is_border;
        if in_text && !is_border && !after_backslash && c.is_alphabetic() {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").unwrap_or_default();
            }
        } else {
            out.push(c);
        }
        after_backslash = c == '\\' && !after_backslash;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_can_be_made_again_and_its_escaped_form_says_the_same() {
        let generator = Generator::new(Site::Retail, 9);
        assert_eq!(generator.event(17).raw, generator.event(17).raw);
        for number in 0..500 {
            let event: Value = serde_json::from_str(&generator.event(number).raw).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&escaped(&event)).unwrap(), event);
        }
    }
}
