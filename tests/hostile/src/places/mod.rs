//! Where a secret is put: every field of the table, keys that are not in it, names of keys, parts of URLs, cookies, ids and user
//! agents.

mod id;
mod unknown;
mod url;

use portcullis_filters::schema::{Field, Kind as FieldKind, ROWS, Section};
use serde_json::{Value, json};

pub use id::IdForm;
pub use unknown::Nest;
pub use url::Part;

use crate::chance::Chance;
use crate::ordinary::Site;
use crate::secrets::Secret;

/// How a value stands where a single text is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    Text,
    /// Second of a list.
    InList,
    /// The value of a key in an object.
    InObject,
    /// A number, if the secret is one; else a text.
    Number,
    /// The name of a key in an object.
    AsKey,
}

/// Where a secret stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    Field(Field, Shape),
    /// The value of a key that is not in the table, in this object.
    UnknownValue(Section, Nest),
    /// The name of such a key.
    KeyName(Section),
    /// A part of the page's address.
    Page(Part),
    /// A part of the referrer's.
    Referrer(Part),
    /// Within an id.
    Id(Field, IdForm),
    /// Within a user agent.
    Agent(AgentPart),
}

/// Where in a user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentPart {
    End,
    Comment,
    Product,
    Brackets,
}

/// Every place, in a fixed order.
pub fn all() -> Vec<Place> {
    let shapes = [Shape::Text, Shape::InList, Shape::InObject, Shape::Number, Shape::AsKey];
    let fields = ROWS.iter().flat_map(|row| shapes.map(|shape| Place::Field(row.field, shape)));
    let nests = Section::ALL.iter().flat_map(|section| Nest::ALL.iter().map(|nest| Place::UnknownValue(*section, *nest)));
    let names = Section::ALL.iter().map(|section| Place::KeyName(*section));
    let pages = Part::ALL.iter().flat_map(|part| [Place::Page(*part), Place::Referrer(*part)]);
    let ids = IdForm::all().into_iter().map(|(field, form)| Place::Id(field, form));
    let agents = [AgentPart::End, AgentPart::Comment, AgentPart::Product, AgentPart::Brackets].map(Place::Agent);
    fields.chain(nests).chain(names).chain(pages).chain(ids).chain(agents).collect()
}

impl Place {
    /// Puts a secret, written as `text`, there.
    pub fn put(self, event: &mut Value, site: Site, secret: &Secret, text: &str, chance: &mut Chance) {
        match self {
            Self::Field(field, shape) => *at(event, field.path()) = shaped(shape, secret, text),
            Self::UnknownValue(section, nest) => unknown::put(object(event, section), nest, secret, text, chance),
            Self::KeyName(section) => {
                let values = [json!(true), json!(1), json!("yes"), json!({ "since": 2024 })];
                object(event, section)[text] = values[chance.pick(&[0, 1, 2, 3])].clone();
            }
            Self::Page(part) => event["event_source_url"] = json!(url::with(part, site, secret, text, chance)),
            Self::Referrer(part) => event["referrer_url"] = json!(url::with(part, site, secret, text, chance)),
            Self::Id(field, form) => *at(event, field.path()) = json!(form.with(text, chance)),
            Self::Agent(part) => {
                let agent = event["user_data"]["client_user_agent"].as_str().unwrap_or_default().to_owned();
                event["user_data"]["client_user_agent"] = json!(match part {
                    AgentPart::End => format!("{agent} {text}"),
                    AgentPart::Comment => agent.replacen(')', &format!("; {text})"), 1),
                    AgentPart::Product => format!("{agent} {text}/1.0"),
                    AgentPart::Brackets => format!("{agent} [FBAN/FBIOS;FBAV/402.1.0.24.84;FBCR/{text}]"),
                });
            }
        }
    }

    /// What reports call it.
    pub fn name(self) -> String {
        match self {
            Self::Field(field, Shape::Text) => field.path().to_owned(),
            Self::Field(field, shape) => format!("{} {shape:?}", field.path()),
            Self::UnknownValue(section, nest) => format!("unknown key of {section:?}, {nest:?}"),
            Self::KeyName(section) => format!("name of a key of {section:?}"),
            Self::Page(part) => format!("event_source_url {part:?}"),
            Self::Referrer(part) => format!("referrer_url {part:?}"),
            Self::Id(field, form) => format!("{} {form:?}", field.path()),
            Self::Agent(part) => format!("client_user_agent {part:?}"),
        }
    }

    /// The field in which it stands, if it is one of the table.
    pub fn field(self) -> Option<Field> {
        match self {
            Self::Field(field, _) | Self::Id(field, _) => Some(field),
            Self::Page(_) => Some(Field::EventSourceUrl),
            Self::Referrer(_) => Some(Field::ReferrerUrl),
            Self::Agent(_) => Some(Field::ClientUserAgent),
            Self::UnknownValue(..) | Self::KeyName(_) => None,
        }
    }

    /// Whether a built-in policy keeps something of what stands there, or makes a digest of it.
    pub(crate) fn can_leave(self) -> bool {
        const HASHED: &[Field] = &[
            Field::FirstName,
            Field::LastName,
            Field::City,
            Field::State,
            Field::Postcode,
            Field::ExternalId,
            Field::Email,
        ];
        const KEPT: &[Field] =
            &[Field::EventId, Field::ContentIds, Field::ItemId, Field::Fbp, Field::Fbc, Field::Value, Field::NumItems];
        match self {
            Self::Field(field, Shape::Text | Shape::InList) | Self::Id(field, _) => {
                HASHED.contains(&field) || KEPT.contains(&field)
            }
            Self::Page(part) => part.is_click_id(),
            Self::Agent(_) => true,
            _ => false,
        }
    }

    /// Whether a key of the site's own stands beside the secret, so that a telling one is seen.
    pub fn has_key(self) -> bool {
        match self {
            Self::UnknownValue(_, nest) => nest != Nest::KeyBelow,
            Self::Page(part) | Self::Referrer(part) => part.has_key(),
            _ => false,
        }
    }
}

fn shaped(shape: Shape, secret: &Secret, text: &str) -> Value {
    match shape {
        Shape::Text => json!(text),
        Shape::InList => json!(["SKU-1", text]),
        Shape::InObject => json!({ secret.key.unwrap_or("value"): text }),
        Shape::Number => text.parse::<u64>().map_or(json!(text), |number| json!(number)),
        Shape::AsKey => json!({ text: true }),
    }
}

/// The place of a path such as `custom_data.contents[].id`, made if it is not there. What is no object becomes one.
fn at<'e>(event: &'e mut Value, path: &str) -> &'e mut Value {
    path.split('.').fold(event, |holder, name| {
        if !holder.is_object() {
            *holder = json!({});
        }
        match name.strip_suffix("[]") {
            None => &mut holder[name],
            Some(name) => {
                if !holder[name].is_array() {
                    holder[name] = json!([{}]);
                }
                &mut holder[name][0]
            }
        }
    })
}

/// The object of a section.
fn object(event: &mut Value, section: Section) -> &mut Value {
    let Some(holder) = section.holder() else { return event };
    let is_list = matches!(holder.row().kind, FieldKind::Contents);
    let object = at(event, &format!("{}{}", holder.path(), if is_list { "[]" } else { "" }));
    if !object.is_object() {
        *object = json!({});
    }
    object
}
