//! The shapes of ids, addresses and browsers that ordinary shops send, among them those that look like numbers of persons or of
//! medicine.

use crate::chance::Chance;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A UUID of version 4.
pub(super) fn uuid(chance: &mut Chance) -> String {
    let mut hex = |count| chance.text("0123456789abcdef", count);
    let (time, version, rest, node) = (hex(13), hex(3), hex(3), hex(12));
    format!("{}-{}-4{version}-{}{rest}-{node}", &time[..8], &time[9..], chance.pick(&["8", "9", "a", "b"]))
}

/// An id of an event.
pub(super) fn event_id(name: &str, chance: &mut Chance) -> String {
    match chance.below(14) {
        0..=3 => uuid(chance),
        4 => format!("01J{}", chance.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 23)),
        5 => format!("order-{}", chance.digits(8)),
        6 => format!("evt_1790{}_{}", chance.digits(9), chance.text(LOWER, 9)),
        7 => format!("{}.{}", chance.digits(13), chance.digits(6)),
        8 => format!("{name}-SO-{}", chance.digits(6)),
        9 => chance.digits(10),
        10 => format!("GA1.2.{}.{}", chance.digits(10), chance.digits(10)),
        11 => chance.text(MIXED, 22),
        12 => format!("{}_{}_{}", name.to_lowercase(), chance.digits(10), chance.digits(4)),
        _ => format!("sess-{}:{}", chance.text(LOWER, 12), chance.below(40)),
    }
}

/// The number of an article.
pub(super) fn sku(slug: &str, chance: &mut Chance) -> String {
    let slug: String = slug.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(48).collect();
    match chance.below(30) {
        0..=5 => format!("SKU-{}", chance.digits(5)),
        6 => format!("{}-{}-{}", chance.digits(3), chance.digits(3), chance.digits(4)),
        7 => format!("{}-{}-{}", chance.digits(5), chance.digits(4), chance.digits(2)),
        8 => chance.digits(10),
        9 => chance.digits(12),
        10 => chance.digits(13),
        11 => format!("B0{}", chance.text("0123456789BCDFGHJKLMNPQRSTVWXYZ", 8)),
        12 => format!("{slug}-{}", chance.digits(3)),
        13 => slug,
        14 => format!("{}-LED-{}W", chance.pick(&["E27", "E14", "B22", "H11", "G20"]), chance.digits(1)),
        15 => format!("{}-CORD-2M", chance.pick(&["C13", "C14", "C19"])),
        16 => format!("{}.{}", chance.pick(&["M54", "G20", "E11", "S72"]), chance.digits(1)),
        17 => format!("2026-{:02}-{:02}", 1 + chance.below(12), 1 + chance.below(28)),
        18 => uuid(chance),
        19 => format!("shopify_US_{}_{}", chance.digits(13), chance.digits(14)),
        20 => format!("{}{}", chance.text(UPPER, 2), chance.digits(7)),
        21 => format!("rx{}-8gb", chance.digits(3)),
        22 => format!("978{}", chance.digits(10)),
        23 => chance.digits(16),
        24 => format!("{}{}", chance.text(UPPER, 4), chance.digits(9)),
        25 => format!("{}-{}-{}", chance.text(UPPER, 3), chance.pick(&["RED", "BLU", "BLK", "S", "XL"]), chance.digits(4)),
        26 => format!("{}.{}-{}.{}", chance.digits(2), chance.digits(4), chance.digits(1), chance.digits(4)),
        27 => format!("dr-martens-{}-black", chance.digits(4)),
        28 => chance.digits(9),
        _ => chance.text(LOWER, 12),
    }
}

/// The number of an article that no drug and no illness could have.
pub(super) fn plain_sku(slug: &str, chance: &mut Chance) -> String {
    match chance.below(5) {
        0 => format!("SKU-{}", chance.digits(5)),
        1 => chance.digits(6),
        2 => chance.digits(12),
        3 => uuid(chance),
        _ => format!("{slug}-{}", chance.digits(3)),
    }
}

/// The number of an order.
pub(super) fn order_id(chance: &mut Chance) -> String {
    match chance.below(6) {
        0 => format!("SO-{}", chance.digits(6)),
        1 => chance.digits(8),
        2 => format!("{}-{}-{}", chance.digits(3), chance.digits(7), chance.digits(7)),
        3 => uuid(chance),
        4 => format!("W{}", chance.digits(9)),
        _ => format!("2026{:02}{:02}-{}", 1 + chance.below(12), 1 + chance.below(28), chance.digits(4)),
    }
}

/// What campaigns add to an address.
pub(super) fn campaign(chance: &mut Chance) -> String {
    match chance.below(8) {
        0 => format!("gclid=Cj0KCQjw{}_{}", chance.text(MIXED, 40), chance.text(MIXED, 30)),
        1 => format!("fbclid=IwAR{}", chance.text(MIXED, 56)),
        2 => format!("fbclid=IwZXh0bgNhZW0{}_aem_{}", chance.text(MIXED, 40), chance.text(MIXED, 22)),
        3 => "utm_source=newsletter&utm_medium=email&utm_campaign=autumn-sale".to_owned(),
        4 => format!(
            "utm_source=facebook&utm_medium=paid&utm_campaign={}&utm_content={}",
            chance.digits(17),
            chance.digits(17)
        ),
        5 => format!("msclkid={}&sort=price-asc&page={}", chance.text("0123456789abcdef", 31), chance.below(20)),
        6 => format!("variant={}&color=navy&size={}", chance.digits(14), chance.pick(&["S", "M", "10", "32x34"])),
        _ => format!(
            "srsltid=AfmBO{}&_pos={}&_sid={}",
            chance.text(MIXED, 40),
            chance.below(40),
            chance.text("0123456789abcdef", 9)
        ),
    }
}

/// A browser.
#[rustfmt::skip]
pub(super) fn agent(chance: &mut Chance) -> String {
    let version = 110 + chance.below(25);
    let pick = chance.below(9);
    match pick {
        0 => "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1".to_owned(),
        1 => format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"),
        2 => format!("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Mobile Safari/537.36"),
        3 => format!("Mozilla/5.0 (Linux; Android 14; Pixel 8 Pro Build/UQ1A.240205.004) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.6099.144 Mobile Safari/537.36"),
        4 => format!("Mozilla/5.0 (Linux; Android 13; SM-S918B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/{version}.0.6099.144 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/443.0.0.23.229;]"),
        5 => format!("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36 Edg/{version}.0.0.0"),
        6 => format!("Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
        7 => "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21C66 [FBAN/FBIOS;FBAV/443.0.0.42.106;FBBV/549912417;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.2.1;FBSS/3;FBID/phone;FBLC/en_US;FBOP/5]".to_owned(),
        _ => "SomeAndroidApp/4.2 (Android 12; redmi note 9) okhttp/4.9.3".to_owned(),
    }
}

/// A product's name as shops write it in addresses.
pub(super) fn slug(name: &str) -> String {
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase()
}
