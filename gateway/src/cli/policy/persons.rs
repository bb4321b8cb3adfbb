//! Whose events may leave under a policy, for people and for machines.

use std::io::Write;

use portcullis_filters::policy::{Persons, Protection};
use serde::Serialize;

use crate::cli::Output;

/// Prints it as a part of an explanation.
pub(super) fn print<W: Write>(persons: &Persons, output: &mut Output<W>) -> std::io::Result<()> {
    output.line("\nWhose events leave:")?;
    for line in persons.everybody.iter().chain(&persons.residence) {
        output.line(format_args!("  {line}"))?;
    }
    if !persons.jurisdictions.is_empty() {
        output.line("\nJurisdictions, each on top of that for whom it protects:")?;
    }
    for Protection { name, title, effective, citation, because, regions, asks } in &persons.jurisdictions {
        let title = title.as_ref().map_or_else(String::new, |title| format!(": {title}"));
        output.line(format_args!("  {name} from {effective}{title}"))?;
        if let Some(citation) = citation {
            output.line(format_args!("    citation  {citation}"))?;
        }
        output.line(format_args!("    protects  {}", regions.join(" ")))?;
        if let Some(because) = because {
            output.line(format_args!("    because   {because}"))?;
        }
        for line in asks {
            output.line(format_args!("    asks      {line}"))?;
        }
    }
    Ok(())
}

/// The same for machines.
#[derive(Debug, Serialize)]
pub(super) struct PersonsTold<'a> {
    everybody: &'a [String],
    residence: &'a [String],
    jurisdictions: Vec<ProtectionTold<'a>>,
}

#[derive(Debug, Serialize)]
struct ProtectionTold<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    effective: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    citation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    regions: &'a [String],
    asks: &'a [String],
}

impl<'a> PersonsTold<'a> {
    pub(super) fn of(persons: &'a Persons) -> Self {
        let told = |law: &'a Protection| ProtectionTold {
            name: &law.name,
            title: law.title.as_deref(),
            effective: &law.effective,
            citation: law.citation.as_deref(),
            because: law.because.as_deref(),
            regions: &law.regions,
            asks: &law.asks,
        };
        Self {
            everybody: &persons.everybody,
            residence: &persons.residence,
            jurisdictions: persons.jurisdictions.iter().map(told).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_filters::policy::Policy;

    use super::*;

    fn persons(name: &str) -> Persons {
        let (full, text) = Policy::builtin(name).unwrap();
        Policy::compile(text, full, &["www.shop.example".to_owned()]).unwrap().explain().persons
    }

    #[test]
    fn each_law_is_told_with_its_day_its_citation_and_what_it_asks() {
        let persons = persons("retail-consent");
        let mut text = Vec::new();
        print(&persons, &mut Output::to(&mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        let nevada = "\n  US-NV from 2024-03-31: Nevada, consumer health data (Senate Bill 370)\n    citation  Senate Bill 370 (2023), in NRS \
                      chapter 603A\n    protects  US-NV\n    because   ";
        assert!(text.contains(nevada), "{text}");
        assert!(text.contains("\n    asks      an event that speaks of health is dropped whole\n"), "{text}");
        let json = serde_json::to_string(&PersonsTold::of(&persons)).unwrap();
        assert!(
            json.contains(r#""name":"US-NV","title":"Nevada, "#) && json.contains(r#""regions":["US-NV"],"asks":["#),
            "{json}"
        );
    }

    #[test]
    fn where_nothing_is_asked_that_is_told() {
        let mut text = Vec::new();
        print(&persons("retail"), &mut Output::to(&mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("\nWhose events leave:\n  consent is not asked for\n"), "{text}");
        assert!(text.ends_with("\n  where a person lives decides nothing: no [[jurisdiction]] is listed\n"), "{text}");
    }
}
