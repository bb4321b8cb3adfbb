//! The values of an event, for who asks for them: as they came and as they leave. Keys that are not known are not shown.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use portcullis_filters::pipeline::Trace;
use portcullis_filters::report::Place;
use serde::Serialize;
use serde_json::value::RawValue;

/// A field's value, before and after.
#[derive(Debug, Serialize)]
pub(super) struct Values {
    pub(super) field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) came: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) leaves: Option<Box<RawValue>>,
}

/// The text of an event as it came.
pub(super) struct Raw<'r>(Cow<'r, str>);

impl<'r> Raw<'r> {
    /// An event, or the text that holds one.
    pub(super) fn read(text: &'r str) -> Self {
        let inner = if text.starts_with('"') { serde_json::from_str::<String>(text).ok() } else { None };
        Self(inner.map_or(Cow::Borrowed(text), Cow::Owned))
    }

    /// The values of every field of which something is told; members of goods stand in the list of goods.
    pub(super) fn values(&self, trace: &Trace) -> Vec<Values> {
        let places: BTreeSet<&Place> = trace.fields.iter().map(|field| &field.place).collect();
        let paths = places.into_iter().filter(|place| **place != Place::Unknown).map(Place::as_str);
        let leaves = |path: &str| at(trace.sanitized.as_ref()?.as_str(), path);
        paths
            .filter(|path| !path.contains("[]"))
            .map(|path| Values { field: path.to_owned(), came: at(&self.0, path), leaves: leaves(path) })
            .collect()
    }
}

/// What stands at this path of an object.
fn at(object: &str, path: &str) -> Option<Box<RawValue>> {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let members: HashMap<String, &RawValue> = serde_json::from_str(object).ok()?;
    let value = *members.get(key)?;
    match rest {
        Some(rest) => at(value.get(), rest),
        None => Some(value.to_owned()),
    }
}
