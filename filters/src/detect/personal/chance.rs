//! How often a detector takes a random id for somebody's number: the rates that the README names, drawn anew.

use super::health_id::{is_dea, is_npi};
use super::payment::{is_aba, is_card};
use super::*;

const DRAWS: u32 = 10_000;

/// The same draws in every run.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn one_of(&mut self, letters: &[u8]) -> char {
        let count = u64::try_from(letters.len()).unwrap();
        letters[usize::try_from(self.next() % count).unwrap()].into()
    }

    /// `9` is a digit, `U` a capital, `X` either, `h` a hex digit, `k` a digit of base 32, `b` one of base 64; others stand for themselves.
    fn of(&mut self, form: &str) -> String {
        const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const EITHER: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut id = String::new();
        for place in form.chars() {
            id.push(match place {
                '9' => self.one_of(b"0123456789"),
                'U' => self.one_of(UPPER),
                'X' => self.one_of(EITHER),
                'h' => self.one_of(b"0123456789abcdef"),
                'k' => self.one_of(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
                'b' => self.one_of(BASE64),
                other => other,
            });
        }
        id
    }
}

/// Forms of ids that shops use.
fn forms() -> Vec<String> {
    [
        "999999999",
        "9999999999",
        "99999999999",
        "999999999999",
        "9999999999999999",
        "17239999999",
        "1723999999999",
        "UU9999999",
        "U99.9",
        "XXXXXXXXXXX",
        "XXXXXXXXXXXXXXXXXXXXXX",
        "hhhhhhhh-hhhh-4hhh-ahhh-hhhhhhhhhhhh",
        "hhhhhhhhhhhh4hhhahhhhhhhhhhhhhhh",
        "01kkkkkkkkkkkkkkkkkkkkkkkk",
        "bbbbbbbbbbbbbbbbbbbbbb",
        "999-99-9999",
        "999-999-9999",
        "UUU-999-99",
        "9999-9999-9999-9999",
        "ORD-9999-999999",
        "UUUUU-99-UU",
        "99.99.9999",
        "9.9.99.999",
        "AX-XXXX-XXXX-XX",
        "19999999",
        "20999999",
    ]
    .map(str::to_owned)
    .into()
}

/// Forms of what networks of advertisers give a click and a browser.
fn click_ids() -> [String; 4] {
    let random = "b".repeat(61);
    let meta = format!("fb.1.1723999999999.{random}");
    [format!("IwAR{random}"), meta, format!("Cj0KCQ{random}"), "fb.1.1723999999999.9999999999".to_owned()]
}

/// Draws, and those of them that the shapes take for something.
fn taken(setting: Setting, standing: Standing, form: &str) -> u32 {
    let mut draw = Draw(7);
    let taken = |_: &u32| {
        let id = draw.of(form);
        scope::find(setting, standing, &id, &mut Work::for_event(id.len())).unwrap().is_some()
    };
    u32::try_from((0..DRAWS).filter(taken).count()).unwrap()
}

#[test]
fn no_random_id_of_a_shop_is_taken_for_anything() {
    for form in forms() {
        // Of these one in 10 000 has the form of a Medicare number.
        let most = if form == "XXXXXXXXXXX" { 3 } else { 1 };
        let hits = taken(Setting::Retail, Standing::Id, &form);
        assert!(hits <= most, "{form}: {hits} of {DRAWS}");
    }
}

#[test]
fn no_random_click_id_is_taken_for_anything() {
    for form in click_ids() {
        let hits = taken(Setting::Clinical, Standing::ClickId, &form);
        assert_eq!(hits, 0, "{form}");
    }
}

#[test]
fn nothing_random_unwraps_to_somebody() {
    let (mut draw, mut unwrapper) = (Draw(3), Unwrapper::default());
    for form in forms().into_iter().chain(click_ids()) {
        for _ in 0..DRAWS / 50 {
            let id = draw.of(&form);
            let mut work = Work::for_event(id.len());
            let found = find(Setting::Retail, Role::ClickId, "", &id, &mut unwrapper, &mut work);
            assert_eq!(found, Ok(None), "{id}");
        }
    }
}

/// Counts in 10 000, with room for the seed.
#[track_caller]
fn about(expected: u32, form: &str, is: impl Fn(&str) -> bool) {
    let mut draw = Draw(11);
    let mut hits = 0;
    for _ in 0..DRAWS {
        hits += u32::from(is(&draw.of(form)));
    }
    assert!(hits.abs_diff(expected) <= expected / 8 + 10, "{form}: {hits}, not {expected}");
}

#[test]
fn checks_alone_pass_many_random_ids_so_they_ask_for_a_key() {
    about(380, "999999999", |id| is_aba(id.as_bytes()));
    about(200, "9999999999", |id| is_npi(id.as_bytes()));
    about(690, "UU9999999", |id| is_dea(id.as_bytes()));
    about(210, "9999999999999999", |id| is_card(id.as_bytes()));
}
