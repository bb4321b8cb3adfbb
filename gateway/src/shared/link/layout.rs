//! Which server has which key.
//!
//! A cluster gives each key one of 16384 slots by what stands in its braces, and each slot to one primary. The layout is that of the
//! moment of connecting; a server that is asked for what it has no more says so, and that breaks the link, which then asks anew.
//! The library's own client of clusters is not used: it repeats commands by itself, also such as may have been done, and it connects
//! to another server without saying so, which could then confirm what it never had.

use redis::{FromRedisValue as _, Value};

use crate::config::Node;
use crate::shared::SharedError;

const SLOTS: u16 = 16_384;

/// Who has which slots: first, last, and the place of the server in a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    ranges: Vec<(u16, u16, usize)>,
}

impl Layout {
    /// From the answer to `CLUSTER SLOTS`, with the primaries in the order of their places. `asked` is who answered, which may leave out
    /// its own name.
    pub(super) fn read(answer: Vec<Vec<Value>>, asked: &Node) -> Result<(Self, Vec<Node>), SharedError> {
        let (mut ranges, mut primaries) = (Vec::new(), Vec::<Node>::new());
        for range in answer {
            let (first, last, node) = read_range(range, asked).ok_or(SharedError::Strange("the layout of the cluster"))?;
            let place = primaries.iter().position(|known| *known == node).unwrap_or_else(|| {
                primaries.push(node);
                primaries.len() - 1
            });
            ranges.push((first, last, place));
        }
        ranges.sort_unstable();
        let mut next = 0;
        for (first, last, _) in &ranges {
            if *first != next || last < first {
                break;
            }
            next = last + 1;
        }
        if next != SLOTS {
            return Err(SharedError::Away("its cluster is not complete: some slots are nobody's".to_owned()));
        }
        Ok((Self { ranges }, primaries))
    }

    /// The place of the server that has this key.
    pub(super) fn place_of(&self, key: &str) -> Option<usize> {
        let slot = slot(key);
        self.ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&slot)).map(|(_, _, place)| *place)
    }
}

fn read_range(range: Vec<Value>, asked: &Node) -> Option<(u16, u16, Node)> {
    let mut parts = range.into_iter();
    let first = u16::from_redis_value(parts.next()?).ok()?;
    let last = u16::from_redis_value(parts.next()?).ok().filter(|last| *last < SLOTS)?;
    let mut primary = Vec::<Value>::from_redis_value(parts.next()?).ok()?.into_iter();
    let host = Option::<String>::from_redis_value(primary.next()?).ok()?;
    let host = host.filter(|host| !host.is_empty() && host != "?").unwrap_or_else(|| asked.host.clone());
    let port = u16::from_redis_value(primary.next()?).ok()?;
    Some((first, last, Node { host, port }))
}

/// The slot of a key: of what stands in its first braces, if something does, or of all of it.
fn slot(key: &str) -> u16 {
    crc16::State::<crc16::XMODEM>::calculate(tag(key).unwrap_or(key).as_bytes()) % SLOTS
}

/// What stands in the first braces of a key.
pub(super) fn tag(key: &str) -> Option<&str> {
    key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag).filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Node {
        Node { host: "asked".to_owned(), port: 1 }
    }

    fn range(first: i64, last: i64, host: Value, port: i64) -> Vec<Value> {
        vec![Value::Int(first), Value::Int(last), Value::Array(vec![host, Value::Int(port)])]
    }

    fn name(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot("123456789"), 0x31C3);
        assert_eq!(slot("{user1000}.following"), slot("{user1000}.followers"));
        assert_eq!(slot("{portcullis:123}:queue"), slot("{portcullis:123}:heads"));
        assert_ne!(slot("foo{}{bar}"), slot("bar"), "empty braces are none");
        assert_eq!(slot("foo{{bar}}zap"), slot("{bar"));
    }

    #[test]
    fn a_layout_names_the_primary_of_each_slot() {
        let answer = vec![range(8000, 16_383, name("b"), 2), range(0, 7999, Value::Nil, 7)];
        let (layout, primaries) = Layout::read(answer, &asked()).unwrap();
        let places: Vec<_> = primaries.iter().map(|node| (node.host.as_str(), node.port)).collect();
        assert_eq!(places, [("b", 2), ("asked", 7)], "who leaves out its name is the one that was asked");
        // Slot 12739 and slot 5061.
        assert_eq!((layout.place_of("123456789"), layout.place_of("{bar}x")), (Some(0), Some(1)));
    }

    #[test]
    fn a_layout_with_holes_is_a_cluster_that_is_away() {
        for answer in [
            vec![],
            vec![range(0, 100, name("a"), 1)],
            vec![range(1, 16_383, name("a"), 1)],
            vec![range(0, 5, name("a"), 1), range(7, 16_383, name("b"), 1)],
        ] {
            assert!(matches!(Layout::read(answer, &asked()), Err(SharedError::Away(_))));
        }
        let strange = vec![vec![Value::Int(0), Value::Int(20_000), Value::Nil]];
        assert!(matches!(Layout::read(strange, &asked()), Err(SharedError::Strange(_))));
    }
}
