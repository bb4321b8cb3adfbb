//! Codes of health, and numbers by which medicine knows a person.

use super::{Kind, Secret, numbers};
use crate::chance::Chance;

#[rustfmt::skip]
static ICD10: &[&str] = &[
    "E11.65", "F32.9", "B20", "I10", "C50.911", "F11.20", "O80", "Z33.1", "N18.6", "G40.909", "F41.1", "A54.01", "E66.01", "Z21",
    "F64.0", "K50.90", "M05.79", "J45.909", "R45.851", "T74.21XA",
];

/// Letters of a Medicare number: those that look like digits are left out.
const MBI_LETTERS: &str = "ACDEFGHJKMNPQRTUVWXY";

pub(super) fn secret(kind: Kind, chance: &mut Chance) -> Secret {
    match kind {
        Kind::Ndc => {
            let text = match chance.below(3) {
                0 => format!("{}-{}-{}", chance.digits(5), chance.digits(4), chance.digits(2)),
                1 => format!("0{}-{}-{}", chance.digits(3), chance.digits(4), chance.digits(2)),
                _ => chance.digits(11),
            };
            Secret::keyed(kind, chance.pick(&["ndc", "ndcCode", "drug_ndc"]), text)
        }
        Kind::Icd10 => {
            let key = chance.pick(&["icd10", "diagnosis_code", "dx", "icd_10_code"]);
            let code = (chance.pick(ICD10)).to_owned();
            // A short code alone could be met by chance, so the search is for it with another.
            let is_long = code.len() >= 7;
            let text =
                if is_long { code } else { format!("{code}, {}", chance.pick(&["F33.1", "E78.5", "K21.9", "M54.50"])) };
            Secret::keyed(kind, key, text)
        }
        Kind::Hcpcs => {
            let text = format!("{}{}", chance.pick(&["J", "G", "Q"]), chance.digits(4));
            Secret::keyed(kind, chance.pick(&["hcpcs", "hcpcs_code", "procedureCode"]), text)
        }
        Kind::RxNumber => {
            let key = chance.pick(&["rxNumber", "rx_number", "prescriptionNumber", "rx"]);
            Secret::keyed(kind, key, chance.digits(7))
        }
        Kind::Npi => Secret::keyed(kind, chance.pick(&["npi", "providerNpi", "npi_number"]), numbers::npi(chance)),
        Kind::Dea => Secret::keyed(kind, chance.pick(&["dea", "deaNumber", "dea_no"]), dea(chance)),
        Kind::RecordNumber => {
            let key = chance.pick(&["mrn", "patientId", "chart_number", "pat_id", "medicalRecordNumber"]);
            let text = if chance.one_in(2) { format!("MRN{}", chance.digits(7)) } else { chance.digits(8) };
            Secret::keyed(kind, key, text)
        }
        Kind::MemberId => {
            let key = chance.pick(&["memberId", "subscriber_id", "insuranceMemberId", "member_number"]);
            let letters = chance.text("BCDFGHJKLMNPRSTVWXYZ", 3);
            Secret::keyed(kind, key, format!("{letters}{}", chance.digits(9)))
        }
        _ => Secret::new(Kind::Mbi, mbi(chance)),
    }
}

/// A Medicare number: digit, letter, either, digit, letter, either, digit, two letters, two digits.
fn mbi(chance: &mut Chance) -> String {
    let either = format!("{MBI_LETTERS}0123456789");
    let mut text = chance.text("123456789", 1);
    for alphabet in [MBI_LETTERS, &either, "0123456789", MBI_LETTERS, &either, "0123456789", MBI_LETTERS, MBI_LETTERS] {
        text.push_str(&chance.text(alphabet, 1));
    }
    text.push_str(&chance.digits(2));
    if chance.one_in(2) { format!("{}-{}-{}", &text[..4], &text[4..7], &text[7..]) } else { text }
}

/// Two letters and seven digits, the last of which checks the others.
fn dea(chance: &mut Chance) -> String {
    let digits: Vec<u32> = chance.digits(6).chars().filter_map(|digit| digit.to_digit(10)).collect();
    let odd: u32 = digits.iter().step_by(2).sum();
    let even: u32 = digits.iter().skip(1).step_by(2).sum();
    let digits: String = digits.iter().map(ToString::to_string).collect();
    let letters = format!("{}{}", chance.text("ABFGM", 1), chance.text("BCDFGHJKLMNPRSTVW", 1));
    format!("{letters}{digits}{}", (odd + 2 * even) % 10)
}
