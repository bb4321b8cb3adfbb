//! Seeds for the fuzz targets: recorded requests, events of every sort, the built-in policies, addresses and wrapped texts.

use portcullis_filters::policy::BUILTINS;
use serde_json::Value;

use crate::chance::Chance;
use crate::encodings::{Chain, Encoding};
use crate::event::Generator;
use crate::ordinary::{self, Site};
use crate::places::{self, Place};
use crate::secrets::{Kind, Secret};

/// The targets.
pub const TARGETS: &[&str] = &["decode", "sanitize", "policy", "page", "unwrap"];

/// Requests as Meta's clients send them.
#[rustfmt::skip]
static REQUESTS: &[&str] = &[
    include_str!("../../fixtures/sdk_requests/curl_01_multipart_form.http"),
    include_str!("../../fixtures/sdk_requests/curl_02_urlencoded_form.http"),
    include_str!("../../fixtures/sdk_requests/curl_03_json_query_token.http"),
    include_str!("../../fixtures/sdk_requests/java_01_multipart.http"),
    include_str!("../../fixtures/sdk_requests/node_02_batch_of_3_partner_agent.http"),
];

/// Policies that use what the built-in ones do not.
static POLICIES: &[&str] = &[
    include_str!("../../../filters/policies/retail.toml"),
    "name = \"own\"\nversion = 2\n[events]\nallow = [\"Purchase\"]\nrename = { OrderPlaced = \"Purchase\" }\nevent_id = \"opaque\"\n\
     prefixes = [\"order-\"]\n[pages]\ndefault = \"drop_event\"\nno_url = \"drop_event\"\n\
     class = [{ name = \"store\", match = [\"/p/**\", \"/*/deals\"], send_as = \"/store\" }]\n[fields]\nevent_source_url = \"page\"\n\
     user_data.em = \"hash\"\ncustom_data.value = { round_to = 5 }\ncustom_data.loyalty_tier = { one_of = [\"gold\", \"silver\"] }\n\
     [[narrow]]\nwhen = { event = \"Purchase\", page = \"store\" }\nremove = [\"user_data.em\"]\n\
     [health]\nscan = \"whole_event\"\non_signal = \"drop_event\"\nambiguous = \"context\"\n\
     add_terms = [\"house brand\"]\nignore_terms = [{ term = \"android\", because = \"operating system\" }]\n[pii]\non_match = \"drop_field\"\n",
];

/// The seeds of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let mut chance = Chance::new(26);
    let texts: Vec<String> = match target {
        "decode" => return REQUESTS.iter().filter_map(|request| body(request)).collect(),
        "sanitize" => events(&mut chance),
        "policy" => {
            POLICIES.iter().map(ToString::to_string).chain(BUILTINS.iter().map(|(_, text)| (*text).to_owned())).collect()
        }
        "page" => addresses(),
        _ => wrapped(&mut chance),
    };
    texts.into_iter().map(String::into_bytes).collect()
}

/// The body of a recorded request, after the number of its encoding; its boundary becomes the one that the target knows.
fn body(request: &str) -> Option<Vec<u8>> {
    let request = request.replace("\r\n", "\n");
    let (head, body) = request.split_once("\n\n")?;
    let head = head.to_lowercase();
    let (encoding, body) = if let Some((_, boundary)) = head.split_once("boundary=") {
        let boundary = boundary.lines().next().unwrap_or_default().trim_matches('"').to_owned();
        let at = |text: &str| text.to_lowercase().find(&boundary);
        let mut rest = body.to_owned();
        while let Some(found) = at(&rest) {
            rest.replace_range(found..found + boundary.len(), "x");
        }
        (2, rest.replace('\n', "\r\n"))
    } else {
        (u8::from(head.contains("urlencoded")), body.to_owned())
    };
    Some([vec![encoding], body.into_bytes()].concat())
}

fn events(chance: &mut Chance) -> Vec<String> {
    let recorded: Value =
        serde_json::from_str(include_str!("../../../filters/tests/fixtures/purchase_1kb.json")).expect("a recorded request");
    let mut events = vec![recorded["data"][0].to_string()];
    for site in Site::ALL {
        events.push(ordinary::event(*site, chance).to_string());
        let generator = Generator::new(*site, 26);
        events.extend((0..60).map(|number| generator.event(number * 17).raw));
    }
    events
}

fn addresses() -> Vec<String> {
    let generator = Generator::new(Site::Pharmacy, 26);
    let pages = places::all().into_iter().filter(|place| matches!(place, Place::Page(_)));
    let mut chance = Chance::new(27);
    let url = |place| {
        let event = generator.with(Kind::Drug, place, Chain::random(&mut chance), &mut chance);
        let event: Value = serde_json::from_str(&event.raw).ok()?;
        event["event_source_url"].as_str().map(str::to_owned)
    };
    pages.filter_map(url).collect()
}

fn wrapped(chance: &mut Chance) -> Vec<String> {
    let one = |encoding: &Encoding| {
        let secret = Secret::of(chance.pick(Kind::ALL), chance);
        let wrapped = encoding.apply(&secret.text, chance);
        [wrapped.clone(), Chain::random(chance).apply(&wrapped, chance)]
    };
    Encoding::ALL.iter().flat_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds_and_requests_keep_their_boundary() {
        for target in TARGETS {
            assert!(of(target).len() >= 5, "{target}");
        }
        let multipart = of("decode").into_iter().find(|seed| seed[0] == 2).unwrap();
        assert!(multipart[1..].starts_with(b"--x\r\n") && multipart.ends_with(b"--x--\r\n"));
    }
}
