//! Words, ranges and names of properties that a policy cannot have, each with the error.

use portcullis_filters::policy::Policy;

use super::common::{self, FBP, json, policy, with, with_fields, with_fields_and};

/// Lines under `[fields.custom_data]` that are wrong, and the error.
const WRONG: &[(&str, &str)] = &[
    ("tier = \"keep\"", "custom_data.tier: is no field of the Conversions API; A property"),
    ("tier = \"hash\"", "custom_data.tier: is no field of the Conversions API; A property"),
    ("tier = \"pseudonymize\"", "custom_data.tier: is no field of the Conversions API; A property"),
    ("tier = { round_to = 1 }", "custom_data.tier: is no field of the Conversions API; A property"),
    (
        "tier = { keep_text = true, because = \"why not\" }",
        "custom_data.tier: is no field of the Conversions API; A property",
    ),
    ("tier = { one_of = [] }", "custom_data.tier.one_of line 13: must list 1 to 64 words, and lists 0"),
    (
        "tier = { one_of = [\"gold\", \"silver\", \"GOLD\"] }",
        "custom_data.tier.one_of line 13: word 3 is word 1 again, but for its case; remove one of them",
    ),
    (
        "tier = { one_of = \"gold\" }",
        "custom_data.tier.one_of line 13: expected a list of words such as [\"gold\", \"silver\"], found a text",
    ),
    (
        "tier = { one_of = [\"gold\", 7] }",
        "custom_data.tier.one_of#2 line 13: expected a text in quotes, found a whole number",
    ),
    ("turns = { integer = [5, 4] }", "custom_data.turns.integer line 13: RANGE"),
    ("turns = { integer = [-1, 4] }", "custom_data.turns.integer line 13: RANGE"),
    ("turns = { integer = [0, 1000000] }", "custom_data.turns.integer line 13: RANGE"),
    ("turns = { integer = [0] }", "custom_data.turns.integer line 13: RANGE"),
    ("turns = { integer = [0, 1, 2] }", "custom_data.turns.integer line 13: RANGE"),
    ("turns = { integer = 7 }", "custom_data.turns.integer line 13: expected a list, found a whole number"),
    (
        "turns = { integer = [0.5, 1] }",
        "custom_data.turns.integer#1 line 13: expected a whole number, found a number with a fraction",
    ),
    ("_tier = { one_of = [\"gold\"] }", "custom_data._tier: NAME"),
    ("2nd = { one_of = [\"gold\"] }", "custom_data.2nd: NAME"),
    ("loyalty-tier = { one_of = [\"gold\"] }", "custom_data.loyalty-tier: NAME"),
    ("\"\" = { one_of = [\"gold\"] }", "custom_data.: NAME"),
    ("\"größe\" = { one_of = [\"gold\"] }", "custom_data.größe: NAME"),
    (
        "store_data = { tier = { one_of = [\"gold\"] } }",
        "custom_data.store_data.tier: is no field of the Conversions API; properties of the site's own stand in [fields.custom_data]",
    ),
    (
        "\"a.b\" = { one_of = [\"gold\"] }",
        "custom_data line 12: a path in quotes is no field; write it in the table of its object, such as [fields.user_data]",
    ),
    (
        "t2345678901234567890123456789012345678901 = { one_of = [\"gold\"] }",
        "custom_data.t2345678901234567890123456789012345678901: NAME",
    ),
    (
        "Order_ID = { one_of = [\"gold\"] }",
        "custom_data.Order_ID: is the field custom_data.order_id but for its case; write it so",
    ),
    ("t_415_555_0007 = { integer = [0, 9] }", "custom_data.t_415_555_0007: PHONE"),
    ("a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 = { integer = [0, 9] }", "custom_data.a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1: DIGEST"),
    (
        "order_id = { one_of = [\"a\"] }",
        "custom_data.order_id: { one_of = … } is for properties of the site's own and for free text; this field takes \"keep\" or \"pseudonymize\" or \"catalog\"",
    ),
    (
        "num_items = { integer = [0, 9] }",
        "custom_data.num_items: { integer = … } is for properties of the site's own; this field takes \"keep\"",
    ),
    (
        "status = { integer = [0, 9] }",
        "custom_data.status: is free text, which has no closed form; list the words that may leave, such as { one_of = [\"a word\", \"another\"] }, or remove this line, so that nothing of it leaves",
    ),
    (
        "\"contents[].brand\" = { one_of = [\"acme\"] }",
        "custom_data.contents[].brand: is decided by fields.custom_data.contents; remove this line",
    ),
];

const TEXTS: [(&str, &str); 5] = [
    (
        "A property",
        "a property of the site's own leaves only in a form that you write: { one_of = [\"gold\", \"silver\"] } or { integer = [0, 100] }",
    ),
    ("RANGE", "must be the smallest and the largest number that may leave, from 0 to 999999, such as [0, 100]"),
    ("NAME", "the name of a property starts with a letter and holds only letters, digits and _, 40 characters at most"),
    ("PHONE", "has seven digits or more without a letter between them, as a telephone number has; choose another"),
    ("DIGEST", "has as many hexadecimal digits as a digest; choose another"),
];

fn error(lines: &str) -> String {
    let text = with_fields(&format!("[fields.custom_data]\n{lines}"));
    match Policy::compile(&text, "shop.toml", &[]) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("compiled: {lines}"),
    }
}

#[test]
fn what_is_no_closed_form_is_an_error_that_says_what_to_write() {
    let mut wrong = Vec::new();
    for (line, told) in WRONG {
        let wanted = TEXTS.iter().fold((*told).to_owned(), |told, (short, text)| told.replace(short, text));
        let wanted = format!("shop.toml: fields.{wanted}");
        // A nearest name may follow.
        if !error(line).starts_with(&wanted) {
            wrong.push(format!("{line}\n    says   {}\n    wanted {wanted}", error(line)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_that_could_be_somebody_s_data_are_refused() {
    let told = |word: &str| error(&format!("tier = {{ one_of = [\"gold\", {}] }}", serde_json::to_string(word).unwrap()));
    for (word, text) in [
        ("", "a word has 1 to 40"),
        (" gold", "a word has 1 to 40"),
        ("gold ", "a word has 1 to 40"),
        ("jane@example.com", "a word has 1 to 40"),
        ("gölden", "a word has 1 to 40"),
        ("a/b", "a word has 1 to 40"),
        ("a\tb", "a word has 1 to 40"),
        (&"x".repeat(41), "a word has 1 to 40"),
        ("4155550007", "has seven digits"),
        ("tel 415 555 0007", "has seven digits"),
        ("415-555.0007", "has seven digits"),
        ("2026-10-03", "has seven digits"),
        ("d4c1d8cb98ef00ba204e9b800f99fc8e", "has as many hexadecimal digits"),
        (&"a1".repeat(20), "has as many hexadecimal digits"),
    ] {
        let wanted = format!("shop.toml: fields.custom_data.tier.one_of#2 line 13: {text}");
        assert!(told(word).starts_with(&wanted), "{}", told(word));
        assert!(word.is_empty() || !told(word).contains(word), "a word is quoted: {}", told(word));
    }
    for word in ["x".repeat(40).as_str(), "123456", "a 123456 b 123456", "F-150", "a_b.c-d"] {
        policy(&with_fields(&format!("custom_data.tier = {{ one_of = [\"{word}\"] }}")));
    }
}

#[test]
fn lists_and_properties_are_bounded() {
    let words = |count: usize| (0..count).map(|at| format!("\"w{at}\"")).collect::<Vec<_>>().join(", ");
    policy(&with_fields(&format!("custom_data.tier = {{ one_of = [{}] }}", words(64))));
    assert!(error(&format!("tier = {{ one_of = [{}] }}", words(65))).contains("must list 1 to 64 words, and lists 65"));
    let properties = |count: usize| (0..count).map(|at| format!("p{at} = {{ integer = [0, {at}] }}")).collect::<Vec<_>>();
    assert_eq!(
        error(&properties(33).join("\n")),
        "shop.toml: fields.custom_data: has 33 properties of the site's own; 32 is the most"
    );
    // The last of the most works as the first.
    let all = with_fields_and(
        &format!("[fields.custom_data]\n{}", properties(32).join("\n")),
        "[[narrow]]\nwhen = { event = \"Lead\" }\nremove = [\"custom_data.p9\"]",
    );
    let members: Vec<String> = (0..32).rev().map(|at| format!("\"p{at}\":{at}")).collect();
    let left = json(&all, &with("PageView", FBP, &members.join(",")));
    assert_eq!(left["custom_data"].as_object().unwrap().len(), 32);
    let left = json(&all, &with("Lead", FBP, &members.join(",")));
    assert_eq!(left["custom_data"].as_object().unwrap().len(), 31);
    assert_eq!(left.pointer("/custom_data/p9"), None);
}

#[test]
fn properties_stand_in_custom_data_only() {
    let told = |line: &str| {
        let text = common::text(common::EVENTS, common::PAGES, line, "");
        Policy::compile(&text, "shop.toml", &[]).unwrap_err().to_string()
    };
    for line in ["tier = { one_of = [\"gold\"] }", "user_data.tier = { integer = [0, 9] }"] {
        assert!(
            told(line)
                .contains("is no field of the Conversions API; properties of the site's own stand in [fields.custom_data]"),
            "{}",
            told(line)
        );
    }
    assert!(told("user_data.em = { one_of = [\"gold\"] }").contains("this field takes \"hash\""));
    let narrow = with_fields_and("", "[[narrow]]\nwhen = {}\nremove = [\"custom_data.tier\"]");
    let told = Policy::compile(&narrow, "shop.toml", &[]).unwrap_err().to_string();
    assert!(
        told.starts_with(
            "shop.toml: narrow#1.remove#1: is no field of the Conversions API and no property that this policy names"
        ),
        "{told}"
    );
}
