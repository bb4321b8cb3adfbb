//! `portcullis policy explain`: what a policy lets through, for the people who answer for it.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use portcullis_filters::policy::{Explanation, Policy as Compiled, Standing};
use serde::Serialize;

use super::event::{self, Telling};
use super::goods::GoodsTold;
use super::persons::{self, PersonsTold};
use crate::cli::{Failure, Output};
use crate::config::{self, Catalogs, PolicyText};

/// Say in plain words what leaves under a policy, in which form, and which channels stay open; or what becomes of an event.
///
/// With --event, what would become of each event of a file: what it comes to, which fields leave, which do not, by which stage and
/// why. Nothing is sent or kept. What is told holds no value, no name of a key that is not known and no term of the lexicon, so it
/// may stand in a ticket. CLASS is what a field can tell at worst; unknown stands for all keys that are not in the table. The exit
/// code is 0 also for events that are dropped or refused, 64 if the policy is wrong, and 1 if the file holds no event.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis policy explain retail@1
  portcullis policy explain policies/shop.toml --host www.shop.example
  portcullis policy explain pharmacy@1 --json
  portcullis policy explain retail@1 --host www.shop.example --event purchase.json
  portcullis policy explain retail@1 --event - --out body.json < request.json")]
pub(super) struct Explain {
    /// A built-in such as retail@1, or the path of a file
    #[arg(value_name = "POLICY")]
    policy: String,

    /// A host of the site, as in its configuration; may be repeated. It is part of the digest
    #[arg(long = "host", value_name = "HOST", default_value = "www.shop.example", value_parser = config::host)]
    hosts: Vec<String>,

    /// One JSON object instead of text
    #[arg(long)]
    json: bool,

    #[command(flatten, next_help_heading = "Events")]
    events: event::Arguments,
}

/// Runs it.
pub(super) fn run(explain: &Explain) -> Result<(), Failure> {
    let text = PolicyText::find(&explain.policy, Path::new("")).map_err(|error| Failure::Configuration(error.into()))?;
    let policy =
        text.compile(&explain.hosts, &mut Catalogs::default()).map_err(|error| Failure::Configuration(error.into()))?;
    if let Some(file) = &explain.events.event {
        let telling = Telling { policy: &policy, hosts: &explain.hosts, json: explain.json };
        return event::run(file, &explain.events, &telling);
    }
    let mut output = Output::standard();
    if explain.json {
        let text =
            serde_json::to_string(&Json::of(&policy, &policy.explain())).context("the answer cannot be written as JSON")?;
        return Ok(output.line(text)?);
    }
    Ok(print(&policy, &explain.hosts, &mut output)?)
}

fn print<W: Write>(policy: &Compiled, hosts: &[String], output: &mut Output<W>) -> std::io::Result<()> {
    let explanation = policy.explain();
    output.line(format_args!("policy   {}@{}", policy.name(), policy.version()))?;
    if let Some(owner) = &explanation.owner {
        output.line(format_args!("owner    {owner}"))?;
    }
    output.line(format_args!("digest   {} (for the hosts {})", policy.digest(), hosts.join(", ")))?;
    persons::print(&explanation.persons, output)?;
    output.line("\nEvents that leave; every other is dropped:")?;
    output.line(format_args!("  {}", explanation.events.join(", ")))?;
    for (own, name) in &explanation.renames {
        output.line(format_args!("  {own} leaves as {name}"))?;
    }
    output.line(format_args!("  where action_source is one of: {}", explanation.sources.join(", ")))?;
    output.line("\nPages; a class that drops wins over every other, then the first that matches:")?;
    for (pages, outcome) in &explanation.pages {
        output.line(format_args!("  {outcome:<16} {pages}"))?;
    }
    output.line("\nFields that leave, and the only form in which they do:")?;
    for object in &explanation.objects {
        let nothing = if object.leaves.is_empty() { ": nothing" } else { "" };
        output.line(format_args!("  {} ({}){nothing}", object.path, object.doc))?;
        for line in &object.leaves {
            output.line(format_args!("    {:<38} {:<12} {}", line.path, line.action, line.form))?;
        }
    }
    output.line("\nFields that never leave, besides every one that is not known:")?;
    for object in explanation.objects.iter().filter(|object| !object.stays.is_empty()) {
        // The object stands before them.
        let names = object.stays.iter().map(|path| path.rsplit('.').next().unwrap_or(path));
        let which = if object.leaves.is_empty() { "every field".to_owned() } else { names.collect::<Vec<_>>().join(", ") };
        output.line(format_args!("  {}: {which}", object.path))?;
    }
    if !explanation.narrow.is_empty() {
        output.line("\nRules that take away more:")?;
    }
    for (when, fields) in &explanation.narrow {
        output.line(format_args!("  {when}: {}", fields.join(", ")))?;
    }
    if let Some(goods) = explanation.catalog.clone().map(GoodsTold::from) {
        output.line("\nGoods:")?;
        output.line(format_args!("  {goods}"))?;
        output.line(format_args!("  sha256 {}", goods.sha256))?;
        output.line(format_args!("  those that it does not list {}", goods.unknown))?;
    }
    output.line("\nHealth and persons:")?;
    for line in &explanation.detectors {
        output.line(format_args!("  {line}"))?;
    }
    output.line("\nOpen channels:")?;
    for channel in &explanation.channels {
        output.line(format_args!("  OPEN: {}", channel.text))?;
    }
    Ok(())
}

/// The same for machines.
#[derive(Serialize)]
struct Json<'a> {
    policy: &'a str,
    version: u32,
    owner: Option<&'a str>,
    digest: String,
    persons: PersonsTold<'a>,
    events: &'a [String],
    action_sources: &'a [&'static str],
    renames: &'a [(String, String)],
    pages: Vec<Page<'a>>,
    leaves: Vec<Field<'a>>,
    stays: Vec<&'a str>,
    narrow: Vec<Rule<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<GoodsTold>,
    detectors: &'a [String],
    open: Vec<Open<'a>>,
}

#[derive(Serialize)]
struct Page<'a> {
    pages: &'a str,
    outcome: &'a str,
}

#[derive(Serialize)]
struct Field<'a> {
    path: &'a str,
    action: &'a str,
    form: &'a str,
}

#[derive(Serialize)]
struct Rule<'a> {
    when: &'a str,
    remove: &'a [String],
}

#[derive(Serialize)]
struct Open<'a> {
    warned: bool,
    text: &'a str,
}

impl<'a> Json<'a> {
    fn of(policy: &'a Compiled, explanation: &'a Explanation) -> Self {
        let page = |(pages, outcome): &'a (String, String)| Page { pages, outcome };
        Self {
            policy: policy.name(),
            version: policy.version(),
            owner: explanation.owner.as_deref(),
            digest: policy.digest().to_string(),
            persons: PersonsTold::of(&explanation.persons),
            events: &explanation.events,
            action_sources: &explanation.sources,
            renames: &explanation.renames,
            pages: explanation.pages.iter().map(page).collect(),
            leaves: explanation
                .leaves()
                .map(|line| Field { path: &line.path, action: line.action, form: &line.form })
                .collect(),
            stays: explanation.stays().collect(),
            narrow: explanation.narrow.iter().map(|(when, remove)| Rule { when, remove }).collect(),
            catalog: explanation.catalog.clone().map(GoodsTold::from),
            detectors: &explanation.detectors,
            open: explanation
                .channels
                .iter()
                .map(|c| Open { warned: c.standing == Standing::Warned, text: &c.text })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small policy with a property, words of a free text and a rule.
    const POLICY: &str = r#"
name = "shop"
version = 3
[events]
allow = ["Lead", "PageView"]
event_id = "token"
[pages]
default = "origin"
no_url = "origin"
class = [{ name = "goods", match = ["/p/**"], send_as = "/goods" }]
[fields.user_data]
em = "hash"
[fields.custom_data]
status = { one_of = ["done"] }
tier = { one_of = ["gold", "Silver"] }
visits = { integer = [0, 9] }
[[narrow]]
when = { event = "Lead", page = "goods" }
remove = ["custom_data.tier", "user_data.em"]
[[narrow]]
when = {}
remove = ["custom_data.visits"]
[health]
scan = "whole_event"
on_signal = "drop_event"
ambiguous = "context"
[pii]
on_match = "drop_field"
"#;

    fn policy() -> Compiled {
        Compiled::compile(POLICY, "shop.toml", &["www.shop.example".to_owned()]).unwrap()
    }

    #[test]
    fn fields_stand_by_object_with_words_ranges_and_the_rules_that_take_away() {
        let mut text = Vec::new();
        print(&policy(), &["www.shop.example".to_owned()], &mut Output::to(&mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part:?} is not in\n{text}"));
        let order = [
            "\n  user_data (who the person is)\n",
            "\n    user_data.em ",
            "\n  custom_data (what was bought or done)\n",
            "\n    custom_data.status                     one_of       one of done\n",
            "\n    custom_data.tier                       one_of       one of gold, Silver\n",
            "\n    custom_data.visits                     integer      a whole number from 0 to 9\n",
            "\n  original_event_data (an earlier event that this one adds to): nothing\n",
            "\n  user_data: ph, fn, ",
            "\n  original_event_data: every field\n",
            "\n  event Lead, page goods: custom_data.tier, user_data.em\n",
            "\n  always: custom_data.visits\n",
            "\n  OPEN: custom_data.tier, custom_data.visits: properties of the site's own",
        ];
        assert!(order.map(place).is_sorted(), "{text}");
    }

    #[test]
    fn goods_are_told_by_class_with_the_digest_of_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.toml");
        let catalog = "[catalog]\nfile = \"goods.csv\"\n[health]";
        std::fs::write(&file, POLICY.replace("[health]", catalog)).unwrap();
        let csv = "id,class\nA,neutral\nB,sensitive\n";
        std::fs::write(folder.path().join("goods.csv"), csv).unwrap();
        let text = PolicyText::find(&file.display().to_string(), Path::new("")).unwrap();
        let policy = text.compile(&["www.shop.example".to_owned()], &mut Catalogs::default()).unwrap();
        let mut told = Vec::new();
        print(&policy, &["www.shop.example".to_owned()], &mut Output::to(&mut told)).unwrap();
        let told = String::from_utf8(told).unwrap();
        let sha256 = "11ed36a90abbb4a7ef5ab1f09ec3056ec094b5a9ad1086c76d80814c29bd7377";
        let wanted = format!(
            "\nGoods:\n  goods.csv: 2 goods: 1 neutral, 1 sensitive, 0 prescription; less than 0.1 MiB of memory\n  sha256 {sha256}\n  \
             those that it does not list are removed from fields with the action catalog\n"
        );
        assert!(told.contains(&wanted), "{told}");
        let json = serde_json::to_string(&Json::of(&policy, &policy.explain())).unwrap();
        assert!(
            json.contains(&format!(
                r#""catalog":{{"file":"goods.csv","sha256":"{sha256}","neutral":1,"sensitive":1,"prescription":0,"#
            )),
            "{json}"
        );
    }

    #[test]
    fn machines_are_told_the_same() {
        let policy = policy();
        let explanation = policy.explain();
        let told = serde_json::to_string(&Json::of(&policy, &explanation)).unwrap();
        for part in [
            r#"{"path":"custom_data.tier","action":"one_of","form":"one of gold, Silver"}"#,
            r#"{"path":"custom_data.visits","action":"integer","form":"a whole number from 0 to 9"}"#,
            r#""narrow":[{"when":"event Lead, page goods","remove":["custom_data.tier","user_data.em"]},{"when":"always","remove":["custom_data.visits"]}]"#,
            r#""user_data.ph""#,
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }
}
