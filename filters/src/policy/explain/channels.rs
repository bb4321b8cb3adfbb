//! Ways by which something could leave that a reader of the policy might not expect.

use super::{Channel, Standing, detectors, persons};
use crate::policy::{FieldAction, MissingId, PageAction, Policy, Unknown};
use crate::schema::{Field, HashRule, Kind, ROWS};

/// What fields of a kind tell once they are kept.
type Telling = (fn(Kind) -> bool, &'static str);

static TELLING: &[Telling] = &[
    (
        |kind| {
            use Kind::{ClickId, ExtInfo, Fbc, Fbp, IpAddress, UserAgent, Uuid};
            matches!(kind, IpAddress | UserAgent | Fbp | Fbc | ClickId | Uuid | ExtInfo)
        },
        "leaves as it is, and tells Meta which browser, device or household it was",
    ),
    (
        |kind| matches!(kind, Kind::ExtInfo),
        "the name of the app and its build's number leave as they came; the name can say what the app is for",
    ),
    (
        |kind| matches!(kind, Kind::Fbp),
        "holds 5 to 20 random digits; a telephone or card number in their place leaves as they would",
    ),
    (
        |kind| matches!(kind, Kind::UserAgent),
        "names a device by letters and digits; a code that looks like a device's leaves in its place",
    ),
    (
        |kind| matches!(kind, Kind::ClickId | Kind::Fbc),
        "any text of 20 letters, digits, _ and - or more passes for a click id if it has a capital, a small letter and a digit",
    ),
    (
        |kind| matches!(kind, Kind::Digits { .. }),
        "any number of so many digits leaves; a telephone or card number can have as many",
    ),
    (
        |kind| matches!(kind, Kind::Date | Kind::DateTime | Kind::SecondsNear { .. }),
        "a day or a time can tell who it was, to whoever knows who was there then",
    ),
    (|kind| matches!(kind, Kind::Airport | Kind::Country), "tells where; of an airport any three letters leave"),
];

pub(super) fn of(policy: &Policy) -> Vec<Channel> {
    let warned = warned(policy).into_iter().chain(detectors::warned(policy)).map(|text| (Standing::Warned, text));
    let known = known(policy).into_iter().chain(detectors::known(policy)).map(|text| (Standing::Known, text));
    warned.chain(known).map(|(standing, text)| Channel { standing, text }).collect()
}

/// The fields of these kinds that are kept, as a list for people.
pub(super) fn kept(policy: &Policy, of: fn(Kind) -> bool) -> Vec<&'static str> {
    ROWS.iter().filter(|row| of(row.kind) && policy.action(row.field) == FieldAction::Keep).map(|row| row.path).collect()
}

fn warned(policy: &Policy) -> Vec<String> {
    let mut warned = Vec::new();
    if persons::asks_nothing(policy) {
        warned.push(format!(
            "nobody's consent is asked for and no jurisdiction is listed, so every event leaves of which the sender does not say no; \
             {} asks",
            persons::variant(policy)
        ));
    }
    let goods = kept(policy, is_goods);
    if !goods.is_empty() && policy.catalog().is_none() {
        warned.push(format!(
            "{}: ids of goods leave and there is no catalogue of sensitive goods, so the id of a pregnancy test leaves as any other",
            goods.join(", ")
        ));
    }
    let checkout = ["InitiateCheckout", "AddPaymentInfo", "Purchase"];
    let checks_out = policy.events.allow.iter().any(|name| checkout.contains(&name.as_ref()));
    if checks_out && policy.catalog().is_none() && policy.pages.has_class_that_drops() {
        warned.push(
            "prescriptions that share a checkout with the shop cannot be told apart without a catalogue; if yours do, take \
             InitiateCheckout, AddPaymentInfo and Purchase out of events.allow"
                .to_owned(),
        );
    }
    if policy.catalog().is_some_and(|catalog| catalog.counts().total() == catalog.counts().neutral) {
        warned.push(
            "the catalogue calls every article neutral, so it holds none back and is no signal of health; list the sensitive goods \
             and the prescriptions too"
                .to_owned(),
        );
    }
    let unpaged: Vec<&str> = policy.events.sources.iter().copied().filter(|source| *source != "website").collect();
    if !unpaged.is_empty() && (policy.pages.default == PageAction::DropEvent || policy.pages.has_class_that_drops()) {
        warned.push(format!(
            "[pages] judges an event by its address: one of {} can leave without any, wherever it happened; take out of \
             events.sources what no page holds back, such as events of portals, counters or telephones",
            unpaged.join(", ")
        ));
    }
    warned
}

fn is_goods(kind: Kind) -> bool {
    matches!(kind, Kind::ContentId | Kind::Contents)
}

/// The fields from which goods leave that are not in the catalogue.
fn unlisted(policy: &Policy) -> Vec<&'static str> {
    if policy.catalog().is_none() || policy.unknown_goods() == Unknown::DropEvent {
        return Vec::new();
    }
    let lets_leave = |action: FieldAction, kind: Kind| match action {
        FieldAction::Keep => is_goods(kind),
        FieldAction::Catalog => policy.unknown_goods() == Unknown::Neutral,
        _ => false,
    };
    ROWS.iter().filter(|row| lets_leave(policy.action(row.field), row.kind)).map(|row| row.path).collect()
}

fn known(policy: &Policy) -> Vec<String> {
    let mut known = Vec::new();
    for (of, text) in TELLING {
        let fields = kept(policy, *of);
        if !fields.is_empty() {
            known.push(format!("{}: {text}", fields.join(", ")));
        }
    }
    let unlisted = unlisted(policy);
    if !unlisted.is_empty() {
        known.push(format!(
            "{}: ids of goods that the catalogue does not list leave as those of neutral goods do",
            unlisted.join(", ")
        ));
    }
    if policy.events.missing_id == MissingId::Content {
        known.push("event_id: an event without one gets the HMAC of its content, so equal events have equal ids".to_owned());
    }
    let is_hashed = |row: &&crate::schema::Row| row.hash != HashRule::None && policy.action(row.field) == FieldAction::Hash;
    let hashed: Vec<&str> = ROWS.iter().filter(is_hashed).map(|row| row.path).collect();
    if !hashed.is_empty() {
        known.push(format!(
            "{}: a SHA-256 identifies a person to whoever knows or guesses the value; hashing is not anonymous",
            hashed.join(", ")
        ));
    }
    let is_catalogued = policy.action(Field::Contents) == FieldAction::Catalog && policy.catalog().is_some();
    let goods_leave = policy.action(Field::Contents) == FieldAction::Keep || is_catalogued;
    let mut numbers = kept(policy, |kind| matches!(kind, Kind::Decimal { .. } | Kind::Integer { .. }));
    if goods_leave {
        numbers.extend([Field::ItemQuantity, Field::ItemPrice].map(Field::path));
    }
    if !numbers.is_empty() {
        known.push(format!(
            "{}: any number within the range of its field leaves, also one that is a code, a day or somebody's number",
            numbers.join(", ")
        ));
    }
    let mut money = kept(policy, |kind| matches!(kind, Kind::Decimal { .. } | Kind::Price { .. } | Kind::Range { .. }));
    if goods_leave {
        money.push(Field::ItemPrice.path());
    }
    if !money.is_empty() {
        known.push(format!("{}: an exact price can tell which article it was", money.join(", ")));
    }
    let has_words = |row: &&crate::schema::Row| policy.action(row.field) == FieldAction::OneOf;
    let worded: Vec<&str> = ROWS.iter().filter(has_words).map(|row| row.path).collect();
    if !worded.is_empty() {
        known.push(format!("{}: what the listed words tell of a person, this program cannot know", worded.join(", ")));
    }
    let properties: Vec<&str> = policy.property_paths().map(AsRef::as_ref).collect();
    if !properties.is_empty() {
        known.push(format!(
            "{}: properties of the site's own; what their words and numbers tell of a person, this program cannot know",
            properties.join(", ")
        ));
    }
    known.push(
        "namespace_id, upload_id and, where its dataset takes test events, test_event_code leave around the events under every \
         policy, and a telephone number has the form of each"
            .to_owned(),
    );
    if policy.lists_source("website") && policy.action(Field::EventSourceUrl) == FieldAction::None {
        known.push("event_source_url has no line: Meta requires it of website events, so those are dropped".to_owned());
    }
    known
}
