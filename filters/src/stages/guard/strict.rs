//! A second reader, for what we wrote ourselves: it takes only the JSON that the outgoing event writes, and nothing else.
//!
//! No white space, no escapes, keys in the order of the table, so none comes twice. Whatever it takes is JSON that means the
//! same to every reader. It shares no code with the parser of raw events, and allocates only for a list that is one value.

use std::borrow::Cow;

use crate::event::Value;
use crate::policy::Properties;
use crate::schema::{Field, Kind, Section};

/// Reads an event and shows every value, elements of lists one by one unless the list is one value, to `check`; `true` if it is
/// of the strict form and `check` agreed to all of it. Of goods each member is shown under its own field. A property of the site's
/// own is not shown: it carries the form that it must have.
pub(super) fn read(json: &str, properties: &Properties, check: &mut dyn FnMut(Field, &Value<'_>) -> bool) -> bool {
    let mut reader = Reader { json, at: 0, properties, check };
    reader.object(Section::Event).is_some() && reader.at == json.len()
}

struct Reader<'j, 'c> {
    json: &'j str,
    /// Where the next character stands.
    at: usize,
    properties: &'c Properties,
    check: &'c mut dyn FnMut(Field, &Value<'_>) -> bool,
}

impl<'j> Reader<'j, '_> {
    /// `{"key":value,...}` with keys of the section in the order of the table, those of properties after them in the order of the
    /// policy. Gives the number of its keys.
    fn object(&mut self, section: Section) -> Option<u32> {
        self.take(b'{')?;
        let (mut keys, mut last, mut last_property) = (0, None, None);
        if self.take(b'}').is_some() {
            return Some(keys);
        }
        loop {
            let key = self.key()?;
            if let Some(field) = Field::find(section, key) {
                if last_property.is_some() || last.is_some_and(|last| last >= field) {
                    return None;
                }
                self.value(field)?;
                last = Some(field);
            } else if section == Section::CustomData {
                let property = self.properties.find(key)?;
                if last_property.is_some_and(|last| last >= property.position()) {
                    return None;
                }
                super::is_closed_property(property, &self.scalar()?).then_some(())?;
                last_property = Some(property.position());
            } else {
                return None;
            }
            keys += 1;
            if self.take(b',').is_none() {
                return self.take(b'}').map(|()| keys);
            }
        }
    }

    fn value(&mut self, field: Field) -> Option<()> {
        let row = field.row();
        match row.kind {
            Kind::Object(section) => {
                let keys = self.object(section)?;
                // No object is written around nothing, but for the one that Meta wants.
                (keys > 0 || field == Field::UserData).then_some(())?;
                (self.check)(field, &Value::Object).then_some(())
            }
            Kind::Contents => self.list(field, |reader| {
                // An element starts with its id, which is the first row of its section.
                reader.rest()?.starts_with("{\"id\":").then_some(())?;
                reader.object(Section::Contents).map(drop)
            }),
            kind if kind.is_one_list() => {
                let mut list = Vec::new();
                self.list(field, |reader| reader.scalar().map(|value| list.push(value)))?;
                (self.check)(field, &Value::List(list)).then_some(())
            }
            _ if self.next() == Some(b'[') && row.many => self.list(field, |reader| reader.checked(field)),
            _ => self.checked(field),
        }
    }

    /// `[value,...]`. An empty list has no element that could be judged, so the list itself is.
    fn list(&mut self, field: Field, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return (self.check)(field, &Value::List(Vec::new())).then_some(());
        }
        loop {
            element(self)?;
            if self.take(b',').is_none() {
                return self.take(b']');
            }
        }
    }

    /// A scalar that the check agrees to.
    fn checked(&mut self, field: Field) -> Option<()> {
        let value = self.scalar()?;
        (self.check)(field, &value).then_some(())
    }

    #[inline]
    fn scalar(&mut self) -> Option<Value<'j>> {
        Some(match self.next()? {
            b'"' => Value::Text(Cow::Borrowed(self.text()?)),
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            _ => {
                let rest = self.rest()?;
                let end = rest.bytes().position(|byte| !byte.is_ascii_digit() && byte != b'.').filter(|end| *end > 0)?;
                self.at += end;
                Value::Number(rest.get(..end)?)
            }
        })
    }

    fn word(&mut self, word: &str, value: Value<'static>) -> Option<Value<'static>> {
        self.rest()?.starts_with(word).then_some(())?;
        self.at += word.len();
        Some(value)
    }

    /// A key and its colon. Table and policy decide whether it is one, so its characters need no look of their own.
    fn key(&mut self) -> Option<&'j str> {
        self.take(b'"')?;
        let rest = self.rest()?;
        let end = rest.bytes().position(|byte| byte == b'"')?;
        self.at += end + 1;
        self.take(b':')?;
        rest.get(..end)
    }

    /// A string of plain characters: the next quote must end it, and no escape or control character stand in it.
    fn text(&mut self) -> Option<&'j str> {
        self.take(b'"')?;
        let rest = self.rest()?;
        let end = memchr::memchr(b'"', rest.as_bytes())?;
        let text = rest.get(..end)?;
        self.at += end + 1;
        // Adding up over every byte, in a byte, lets the compiler look at sixteen at once.
        let is_odd = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'\\') | u8::from(byte == 0x7f);
        let odd = text.bytes().fold(0, |odd, byte| odd | is_odd(byte));
        (odd == 0).then_some(text)
    }

    /// What is still to be read.
    fn rest(&self) -> Option<&'j str> {
        self.json.get(self.at..)
    }

    fn next(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    /// Steps over an ASCII character.
    fn take(&mut self, character: u8) -> Option<()> {
        if self.next()? != character {
            return None;
        }
        self.at += 1;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Properties, read};

    #[test]
    fn only_what_we_write_is_read() {
        let all = |json: &str| read(json, Properties::NONE, &mut |_, _| true);
        assert!(all(
            r#"{"event_name":"Lead","event_time":1,"user_data":{"em":["a","b"]},"custom_data":{"value":1.5,"contents":[{"id":"x","quantity":1}]}}"#
        ));
        assert!(all(r#"{"user_data":{}}"#));
        for odd in [
            "",
            "{",
            "{}x",
            " {}",
            r#"{"event_name": "Lead"}"#,
            r#"{"event_name":"Le\u0061d"}"#,
            r#"{"event_name":"Lead","event_name":"Lead"}"#,
            r#"{"event_time":1,"event_name":"Lead"}"#,
            r#"{"event_name":"Lead",}"#,
            r#"{"event_name":["Lead"]}"#,
            r#"{"event_name":{"a":1}}"#,
            r#"{"event_name":null}"#,
            r#"{"event_time":-1}"#,
            r#"{"event_time":1e3}"#,
            r#"{"unknown":"x"}"#,
            r#"{"em":"x"}"#,
            r#"{"user_data":{"em":[["a"]]}}"#,
            r#"{"custom_data":{"contents":[{"quantity":1}]}}"#,
            r#"{"custom_data":{"contents":[{}]}}"#,
            r#"{"custom_data":{"contents":["x"]}}"#,
            "{\"event_name\":\"Le\nad\"}",
        ] {
            assert!(!all(odd), "{odd}");
        }
        assert!(!read(r#"{"event_name":"Lead"}"#, Properties::NONE, &mut |_, _| false));
    }
}
