//! What every detector's tests ask: what is found in a text, in an id, under a key, and on which sites.

use super::*;

fn ask(setting: Setting, role: Role, key: &str, text: &str) -> Option<Reason> {
    find(setting, role, key, text, &mut Unwrapper::default(), &mut Work::for_event(text.len())).unwrap()
}

#[track_caller]
pub(super) fn hits_text(reason: Reason, text: &str) {
    assert_eq!(ask(Setting::Retail, Role::Text, "", text), Some(reason), "{text}");
}

#[track_caller]
pub(super) fn passes_text(text: &str) {
    assert_eq!(ask(Setting::Retail, Role::Text, "", text), None, "{text}");
}

#[track_caller]
pub(super) fn hits_id(reason: Reason, text: &str) {
    for setting in [Setting::Retail, Setting::Health, Setting::Clinical] {
        assert_eq!(ask(setting, Role::Id, "", text), Some(reason), "{text} {setting:?}");
    }
}

/// An id of a shop.
#[track_caller]
pub(super) fn passes_id(text: &str) {
    assert_eq!(ask(Setting::Retail, Role::Id, "", text), None, "{text}");
}

#[track_caller]
pub(super) fn hits_key(reason: Reason, key: &str, text: &str) {
    assert_eq!(ask(Setting::Retail, Role::Text, key, text), Some(reason), "{key} {text}");
}

#[track_caller]
pub(super) fn passes_key(key: &str, text: &str) {
    assert_eq!(ask(Setting::Retail, Role::Text, key, text), None, "{key} {text}");
}

#[track_caller]
pub(super) fn hits_health(reason: Reason, text: &str) {
    assert_eq!(ask(Setting::Health, Role::Text, "", text), Some(reason), "{text}");
}

#[track_caller]
pub(super) fn hits_health_key(reason: Reason, key: &str, text: &str) {
    assert_eq!(ask(Setting::Health, Role::Text, key, text), Some(reason), "{key} {text}");
}

#[track_caller]
pub(super) fn hits_clinical(reason: Reason, text: &str) {
    assert_eq!(ask(Setting::Clinical, Role::Text, "", text), Some(reason), "{text}");
}

#[test]
fn every_pattern_compiles_and_has_one_group() {
    for shape in NOUNS.iter().flat_map(|noun| noun.shapes) {
        assert_eq!(shape.compile().captures_len(), 2, "{}", shape.pattern);
    }
}

#[test]
fn numbers_in_ids_count_on_health_sites() {
    for (reason, id) in [
        (Reason::Phone, "evt-415-555-2671"),
        (Reason::Phone, "4155552671"),
        (Reason::NationalId, "id.123-45-6789"),
        (Reason::Payment, "4111111111111111"),
        (Reason::Intake, "ord-1987-03-14"),
        (Reason::HealthId, "mrn-1234567"),
        (Reason::PersonName, "dr-jane-doe"),
        (Reason::StreetAddress, "5-elm-road"),
        (Reason::IpAddress, "203.0.113.9"),
    ] {
        assert_eq!(ask(Setting::Health, Role::Id, "", id), Some(reason), "{id}");
        assert_eq!(ask(Setting::Retail, Role::Id, "", id), None, "{id}");
    }
    assert_eq!(ask(Setting::Clinical, Role::Id, "", "123456789"), Some(Reason::NationalId));
    assert_eq!(ask(Setting::Health, Role::Id, "", "123456789"), None);
}

#[test]
fn click_ids_hold_addresses_and_keys_only() {
    for text in ["fb.1.1723400000000.415-555-2671", "fb.1.1723400000000.4111111111111111"] {
        assert_eq!(ask(Setting::Clinical, Role::ClickId, "", text), None, "{text}");
    }
    assert_eq!(ask(Setting::Retail, Role::ClickId, "", "fb.1.1723400000000.jane@example.com"), Some(Reason::Email));
}

#[test]
fn words_of_policies_are_looked_through() {
    assert_eq!(literal("/store/jane.doe@example.com"), Some(Reason::Email));
    assert_eq!(literal("call 415-555-2671"), Some(Reason::Phone));
    for word in [
        "/store",
        "gold",
        "loyalty_tier",
        "Purchase",
        "QuizCompleted",
        "/locations/silver-spring-md",
        "1000000000",
        "same-day",
    ] {
        assert_eq!(literal(word), None, "{word}");
    }
}

#[test]
fn what_cannot_be_looked_through_fails_closed() {
    let text = "a@b.1 ".repeat(2000);
    let mut work = Work::for_event(0);
    let spent = find(Setting::Clinical, Role::Text, "", &text, &mut Unwrapper::default(), &mut work);
    assert!(spent == Ok(None) || spent == Err(WorkLimit));
    assert!(work.spent() <= 64 * 1024);
}

#[test]
fn what_an_id_of_a_shop_holds_wrapped_is_text() {
    for (reason, id) in [
        (Reason::Email, "evt_amFuZS5kb2VAZXhhbXBsZS5jb20"),
        (Reason::Email, "6a616e65406578616d706c652e636f6d"),
        (Reason::Phone, "evt_NDE1LTU1NS0yNjcx"),
        (Reason::Phone, "evt_NDE1NTU1MjY3MQ"),
        (Reason::NationalId, "evt_MTIzLTQ1LTY3ODk"),
        (Reason::NationalId, "evt_MTIzNDU2Nzg5"),
        (Reason::Payment, "evt_NDExMTExMTExMTExMTExMQ"),
        (Reason::Intake, "evt_eyJkb2IiOiIxOTg3LTAzLTE0In0"),
        (Reason::PersonName, "evt_cGF0aWVudE5hbWU9SmFuZStEb2U"),
        (Reason::HealthId, "evt_eyJtcm4iOjEyMzQ1Njd9"),
        (Reason::StreetAddress, "evt_MTIzIE1haW4gU3RyZWV0"),
        (Reason::Email, "jane.doe%40example.com"),
        (Reason::NationalId, "123%2D45%2D6789"),
    ] {
        assert_eq!(ask(Setting::Retail, Role::Id, "", id), Some(reason), "{id}");
        assert_eq!(ask(Setting::Retail, Role::ClickId, "", id), Some(reason), "{id}");
    }
}

#[test]
fn what_a_signed_token_holds_is_looked_at() {
    let mut seen = Vec::new();
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJkb2IiOiIxOTg3LTAzLTE0In0";
    let mut note = |reading: Reading<'_>, work: &mut Work| {
        seen.extend(read(Setting::Retail, Role::Id, "", reading, work)?);
        Ok(())
    };
    Unwrapper::default().readings("", token, &mut Work::for_event(token.len()), &mut note).unwrap();
    assert!(seen.contains(&Reason::Credential) && seen.contains(&Reason::Intake), "{seen:?}");
}

#[test]
fn wrapped_numbers_of_goods_are_none() {
    for id in ["UHJvZHVjdDo0MTU1NTUyNjcx", "Z2lkOi8vc2hvcGlmeS9Qcm9kdWN0VmFyaWFudC8zOTA3Mjg1NjEyMzQ1Ng"] {
        passes_id(id);
    }
}

#[test]
fn what_shops_send_as_ids_passes() {
    for id in [
        "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1",
        "01JD2XKQ8N5Z3W9V7R4T6Y1M0P",
        "ORD-2026-11-22-000017",
        "112-3456789-1234567",
        "sku_100-20-3000",
        "4155552671",
        "1723400000",
        "1723400000000",
        "shopify_US_39072856_41234567",
        "AB1234563",
        "1001.2.3.4",
        "member:10233",
        "session:17234",
        "size-10-st",
        "mens-dr-martens-1460",
        "3-pack-12-ct",
        "Purchase.1723400000.482910",
        "evt-2026-03-14T10:30:00",
        "look-at-me-tee",
        "GTM-ABCD123",
        "978-3-16-148410-0",
    ] {
        passes_id(id);
    }
}
