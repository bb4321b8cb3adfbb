//! How often a detector takes a random id for somebody's number: the rates that the README names, drawn anew.

use super::health_id::{is_dea, is_npi};
use super::payment::{is_aba, is_card};
use super::*;

const DRAWS: u32 = 20_000;

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

    /// `9` is a digit, `A` a capital, `X` either, `h` a hex digit, `k` a digit of base 32, `b` one of base 64; others stand for themselves.
    fn of(&mut self, form: &str) -> String {
        const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const EITHER: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut id = String::new();
        for place in form.chars() {
            id.push(match place {
                '9' => self.one_of(b"0123456789"),
                'A' => self.one_of(UPPER),
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
    let click = "b".repeat(61);
    [
        "999999999",
        "9999999999",
        "99999999999",
        "999999999999",
        "9999999999999999",
        "17239999999",
        "1723999999999",
        "AA9999999",
        "A99.9",
        "XXXXXXXXXXX",
        "XXXXXXXXXXXXXXXXXXXXXX",
        "hhhhhhhh-hhhh-4hhh-ahhh-hhhhhhhhhhhh",
        "hhhhhhhhhhhh4hhhahhhhhhhhhhhhhhh",
        "01kkkkkkkkkkkkkkkkkkkkkkkk",
        "bbbbbbbbbbbbbbbbbbbbbb",
        "999-99-9999",
        "999-999-9999",
        "AAA-999-99",
        "9999-9999-9999-9999",
        "ORD-9999-999999",
        "AAAAA-99-AA",
        "99.99.9999",
        "9.9.99.999",
        "AX-XXXX-XXXX-XX",
        "19999999",
        "20999999",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!("IwAR{click}"), format!("fb.1.1723999999999.{click}"), format!("Cj0KCQ{click}")])
    .collect()
}

fn hits(setting: Setting, role: Role, form: &str, draws: u32) -> u32 {
    let (mut draw, mut unwrapper) = (Draw(7), Unwrapper::default());
    let mut hits = 0;
    for _ in 0..draws {
        let id = draw.of(form);
        let found = find(setting, role, "", &id, &mut unwrapper, &mut Work::for_event(id.len())).unwrap();
        hits += u32::from(found.is_some());
    }
    hits
}

#[test]
fn no_random_id_of_a_shop_is_taken_for_anything() {
    for form in forms() {
        let most = if form == "XXXXXXXXXXX" { 4 } else { 1 };
        let hits = hits(Setting::Retail, Role::Id, &form, DRAWS);
        assert!(hits <= most, "{form}: {hits} of {DRAWS}");
    }
}

#[test]
fn no_click_id_is_taken_for_anything_on_any_site() {
    for form in forms() {
        let hits = hits(Setting::Clinical, Role::ClickId, &form, DRAWS / 4);
        assert_eq!(hits, 0, "{form}");
    }
}

/// Counts in 20 000, with room for the seed.
#[track_caller]
fn about(expected: u32, form: &str, is: impl Fn(&str) -> bool) {
    let mut draw = Draw(11);
    let mut hits = 0;
    for _ in 0..DRAWS {
        hits += u32::from(is(&draw.of(form)));
    }
    assert!(hits.abs_diff(expected) <= expected / 8 + 4, "{form}: {hits}, not {expected}");
}

#[test]
fn checks_alone_pass_many_random_ids_so_they_ask_for_a_key() {
    about(760, "999999999", |id| is_aba(id.as_bytes()));
    about(400, "9999999999", |id| is_npi(id.as_bytes()));
    about(1380, "AA9999999", |id| is_dea(id.as_bytes()));
    about(420, "9999999999999999", |id| is_card(id.as_bytes()));
}
