//! Devices and vehicles: the address of a network card by form; advertising ids, IMEI and VIN by key, because ids of events and
//! orders look like them.

use super::digits::{count, luhn};
use super::keyed::Keyed;
use super::shape::{Found, Reach, Shape};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // MAC.
    Shape {
        reason: Reason::DeviceId,
        reach: Reach::Ids,
        pattern: r"(?:^|[^a-z0-9:])((?:[0-9a-f]{2}:){5}[0-9a-f]{2}|(?:[0-9a-f]{2}-){5}[0-9a-f]{2})(?:$|[^a-z0-9:])",
        holds: |found| has_letter(found),
    },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::DeviceId,
        keys: "idfa, idfv, gaid, aaid, adid, advertising id, device id, device identifier, android id, udid, device uuid, \
             device, madid, maid",
        from: Setting::Retail,
        holds: |value| {
            let hex = value.bytes().filter(u8::is_ascii_hexdigit).count();
            value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && matches!(hex, 16 | 32 | 40)
        },
    },
    Keyed {
        reason: Reason::DeviceId,
        keys: "imei, imei number, meid, mac, mac address, serial, serial number, device serial, imsi, iccid",
        from: Setting::Retail,
        holds: |value| (8..=22).contains(&value.len()) && count(value.as_bytes()) >= 4,
    },
    Keyed {
        reason: Reason::DeviceId,
        keys: "vin, vehicle id, vehicle identification number",
        from: Setting::Retail,
        holds: is_vin,
    },
    Keyed {
        reason: Reason::DeviceId,
        keys: "phone id, handset, handset id, equipment id",
        from: Setting::Retail,
        holds: |value| count(value.as_bytes()) == 15 && luhn(value.as_bytes(), 0),
    },
    Keyed {
        reason: Reason::DeviceId,
        keys: "license plate, licence plate, number plate, plate number",
        from: Setting::Retail,
        holds: |value| (2..=10).contains(&value.len()),
    },
];

/// Pairs of digits alone are sizes or times.
fn has_letter(found: Found<'_>) -> bool {
    found.text.iter().any(u8::is_ascii_alphabetic) && found.text.iter().any(u8::is_ascii_digit)
}

/// Seventeen letters and digits without I, O, Q, of which the ninth is a check.
pub(super) fn is_vin(value: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let mut sum = 0;
    for (byte, weight) in value.bytes().zip(WEIGHTS) {
        let worth = match byte.to_ascii_uppercase() {
            digit @ b'0'..=b'9' => digit - b'0',
            letter @ b'A'..=b'H' => letter - b'A' + 1,
            letter @ b'J'..=b'R' if !matches!(letter, b'O' | b'Q') => letter - b'J' + 1,
            letter @ b'S'..=b'Z' => letter - b'S' + 2,
            _ => return false,
        };
        sum += u32::from(worth) * weight;
    }
    let check = value.as_bytes().get(8).map(u8::to_ascii_uppercase);
    value.len() == 17 && check == Some(u8::try_from(sum % 11).map_or(0, |rest| if rest == 10 { b'X' } else { b'0' + rest }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_id, hits_key, passes_id, passes_key, passes_text};
    use super::*;

    #[test]
    fn network_cards_are_found() {
        hits_id(Reason::DeviceId, "00:1B:44:11:3A:B7");
        hits_id(Reason::DeviceId, "dev_00-1b-44-11-3a-b7");
        passes_id("10-20-30-40-50-60");
        passes_id("10:20:30:40:50:60");
    }

    #[test]
    fn others_need_a_key() {
        let uuid = "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1";
        hits_key(Reason::DeviceId, "idfa", uuid);
        hits_key(Reason::DeviceId, "imei", "490154203237518");
        hits_key(Reason::DeviceId, "vin", "1M8GDM9AXKP042788");
        passes_key("vin", "1M8GDM9A1KP042788");
        passes_text(uuid);
        passes_text("490154203237518");
        passes_key("device", "iPhone 15");
    }
}
