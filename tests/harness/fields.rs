//! Test events that are made from the table of fields: where a field stands, and what cannot be told from its kind alone.

use portcullis_filters::schema::Field;
use serde_json::{Value, json};

/// The place of a path such as `custom_data.contents[].id` in an event, made if it is not there; lists have one element.
pub fn place<'e>(event: &'e mut Value, path: &str) -> &'e mut Value {
    path.split('.').filter(|name| !name.is_empty()).fold(event, |object, name| match name.strip_suffix("[]") {
        None => &mut object[name],
        Some(name) => {
            let list = &mut object[name];
            if list.is_null() {
                *list = json!([{}]);
            }
            &mut list[0]
        }
    })
}

/// A value of a restriction that the sender sets.
pub fn restriction(field: Field) -> Value {
    match field {
        Field::DataProcessingOptions => json!(["LDU"]),
        Field::DataProcessingOptionsCountry => json!(1),
        Field::DataProcessingOptionsState => json!(1000),
        _ => json!(true),
    }
}
