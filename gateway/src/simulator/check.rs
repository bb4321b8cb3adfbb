//! The strict checks. One event that fails refuses the whole batch, as at Meta.
//!
//! `fields` says which members there are, `form` what a value must look like, `rules` what an event needs in all. A message
//! names the place and the rule, never a value and never the name of an unknown key.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::fields::{ENVELOPE, EVENT, Shape};
use super::form::Form;
use super::request::Posted;
use super::rules;

/// Checks everything that a request holds.
pub(super) fn batch(posted: &Posted, now_ms: u64) -> Result<(), Refusal> {
    shape("", &posted.envelope, &ENVELOPE)?;
    for (index, event) in posted.events.iter().enumerate() {
        let place = format!("data[{index}]");
        shape(&place, &event.value, &EVENT)?;
        if let Some(breach) = rules::first_breach(&event.value, now_ms) {
            return Err(Refusal::parameter_with(breach.subcode, &format!("{place}: {}", breach.asks)));
        }
    }
    Ok(())
}

/// Whether an object has the members that it must have, and no others than it may.
fn shape(place: &str, held: &Map<String, Value>, shape: &'static Shape) -> Result<(), Refusal> {
    for member in shape.members {
        match held.get(member.key) {
            None if member.needed => return Err(wrong(&under(place, member.key), "is missing")),
            None => {}
            Some(Value::Null) if shape.nullable => {}
            Some(value) => form(&under(place, member.key), value, member.form)?,
        }
    }
    let known = |key: &String| shape.members.iter().any(|member| member.key == key);
    if !shape.open && !held.keys().all(known) {
        return Err(wrong(place, "holds a key that Meta does not document"));
    }
    Ok(())
}

/// Whether a value has its form, and the objects inside it theirs.
fn form(place: &str, value: &Value, form: Form) -> Result<(), Refusal> {
    if let Some(asks) = form.broken_by(value) {
        return Err(wrong(place, &format!("must be {asks}")));
    }
    match (form, value) {
        (Form::Object(inner), Value::Object(held)) => shape(place, held, inner),
        (Form::Objects(inner), Value::Array(all)) => all
            .iter()
            .filter_map(Value::as_object)
            .enumerate()
            .try_for_each(|(index, held)| shape(&format!("{place}[{index}]"), held, inner)),
        _ => Ok(()),
    }
}

fn under(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

fn wrong(place: &str, asks: &str) -> Refusal {
    let place = if place.is_empty() { "the envelope" } else { place };
    Refusal::parameter(&format!("{place} {asks}"))
}

#[cfg(test)]
mod tests;
