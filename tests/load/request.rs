//! Requests as they are sent: the purchase of the filters' fixture, with an id, a customer and a time of its own in each event.
//!
//! Written piece by piece while it is sent, so that hundreds of callers with a megabyte each need no memory for it. The page is
//! changed to the site's own host; its path, `/checkout/thank-you`, is a store page of the policy of a pharmacy already.

use std::cell::Cell;
use std::rc::Rc;

use harness::{DATASET, KEY, now_secs};
use serde_json::{Value, json};

const FIXTURE: &str = include_str!("../../filters/tests/fixtures/purchase_1kb.json");
const FIXTURE_HOST: &str = "shop.example.com";
/// The host of the site.
pub(crate) const OWN_HOST: &str = "www.shop.example";
/// What differs from event to event: eight digits in the id, the address and the order, and ten of the time.
const NUMBER: &str = "00000007";
const TIME: &str = "1791000000";
/// Events lie this far back at most.
const SPREAD_SECS: u64 = 3600;
/// Events that are written at once.
const PIECE: usize = 64;

/// The first good of those that make an event large. The policy of a pharmacy looks through them and lets none leave.
const GOOD: u64 = 10_000;

/// Who sends, and whither.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) dataset: String,
    pub(crate) key: String,
}

/// Makes requests of so many events; no two events of a template are alike.
#[derive(Debug)]
pub(crate) struct Template {
    /// They take turns, request by request.
    senders: Vec<Sender>,
    turn: Cell<usize>,
    event: Vec<u8>,
    numbers: Vec<usize>,
    times: Vec<usize>,
    newest_secs: u64,
    next: Cell<u64>,
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Request {
    template: Rc<Template>,
    piece: Vec<u8>,
    sent: usize,
    events_left: usize,
    ended: bool,
}

impl Template {
    /// Events that are as old as an hour and as young as now.
    pub(crate) fn new() -> Rc<Self> {
        Self::for_senders(vec![Sender { dataset: DATASET.to_owned(), key: KEY.to_owned() }])
    }

    /// The same, sent by these.
    pub(crate) fn for_senders(senders: Vec<Sender>) -> Rc<Self> {
        let list = FIXTURE.split_once("\"data\":[").expect("the fixture is a request").1;
        Self::of(list.trim_end().strip_suffix("]}").expect("the fixture is a request of one event"), senders)
    }

    /// Events of about so many bytes: of goods as many as are needed, or without all that Meta does not ask for.
    pub(crate) fn of_bytes(bytes: usize) -> Rc<Self> {
        let fixture: Value = serde_json::from_str(FIXTURE).expect("the fixture is JSON");
        let mut event = fixture.pointer("/data/0").expect("the fixture has an event").clone();
        let small = event.to_string().len() > bytes;
        if small {
            let page = format!("https://{FIXTURE_HOST}/checkout/thank-you?order_id={NUMBER}");
            *event.pointer_mut("/event_source_url").expect("a page") = json!(page);
            let user = event.pointer_mut("/user_data").and_then(Value::as_object_mut).expect("user data");
            user.retain(|name, _| matches!(name.as_str(), "em" | "client_user_agent"));
            user.insert("client_user_agent".to_owned(), json!("Mozilla/5.0 (X11; Linux x86_64)"));
            let custom = event.pointer_mut("/custom_data").and_then(Value::as_object_mut).expect("custom data");
            custom.retain(|name, _| matches!(name.as_str(), "currency" | "value" | "order_id"));
        } else {
            let good = |number: u64| {
                let title = format!("Autumn starter bundle, number {number}");
                json!({
                    "id": format!("SKU-{number}"), "quantity": 1, "item_price": 14.49,
                    "title": title, "brand": "Plain and Square", "category": "Home and garden",
                })
            };
            let rest = bytes - event.to_string().len();
            let count = (rest / (good(GOOD).to_string().len() + 1)) as u64;
            let goods = event.pointer_mut("/custom_data/contents").and_then(Value::as_array_mut).expect("goods");
            goods.extend((GOOD..GOOD + count).map(good));
        }
        Self::of(&event.to_string(), vec![Sender { dataset: DATASET.to_owned(), key: KEY.to_owned() }])
    }

    fn of(event: &str, senders: Vec<Sender>) -> Rc<Self> {
        let event = event.replace(FIXTURE_HOST, OWN_HOST);
        let holes = |text: &str| event.match_indices(text).map(|(at, _)| at).collect::<Vec<_>>();
        let (numbers, times) = (holes(NUMBER), holes(TIME));
        assert!(numbers.len() > 1 && times.len() == 1, "the fixture is not what it was");
        let (turn, next) = (Cell::new(0), Cell::new(0));
        Rc::new(Self { senders, turn, event: event.into_bytes(), numbers, times, newest_secs: now_secs(), next })
    }

    /// Bytes of one event.
    pub(crate) fn event_bytes(&self) -> usize {
        self.event.len()
    }

    /// A new event.
    pub(crate) fn event(&self) -> String {
        let mut event = Vec::with_capacity(self.event.len());
        self.push_event(&mut event);
        String::from_utf8(event).expect("the fixture is text")
    }

    /// A request of so many new events.
    pub(crate) fn request(self: &Rc<Self>, events: usize) -> Request {
        let turn = self.turn.replace(self.turn.get() + 1) % self.senders.len();
        let Sender { dataset, key } = self.senders.get(turn).expect("somebody sends");
        let start = r#"{"data":["#;
        let length = start.len() + events * (self.event.len() + 1) - 1 + "]}".len();
        let head = format!(
            "POST /v26.0/{dataset}/events HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{start}"
        );
        let mut piece = Vec::with_capacity(head.len() + events.min(PIECE) * (self.event.len() + 1) + 2);
        piece.extend_from_slice(head.as_bytes());
        Request { template: Rc::clone(self), piece, sent: 0, events_left: events, ended: false }.filled()
    }

    fn push_event(&self, piece: &mut Vec<u8>) {
        let number = self.next.replace(self.next.get() + 1);
        let start = piece.len();
        piece.extend_from_slice(&self.event);
        let written = piece.get_mut(start..).unwrap_or_default();
        fill(written, &self.numbers, NUMBER.len(), number % 100_000_000);
        fill(written, &self.times, TIME.len(), self.newest_secs - number % SPREAD_SECS);
    }
}

/// Writes a number with leading zeros at these places.
fn fill(event: &mut [u8], places: &[usize], digits: usize, number: u64) {
    for place in places {
        let mut rest = number;
        for digit in event.iter_mut().skip(*place).take(digits).rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
    }
}

impl Request {
    /// What is to be sent next; nothing at the end.
    pub(crate) fn unsent(&self) -> &[u8] {
        self.piece.get(self.sent..).unwrap_or_default()
    }

    /// So much of that was sent.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.sent += bytes;
        if self.sent == self.piece.len() && !self.ended {
            self.piece.clear();
            self.sent = 0;
            self.fill();
        }
    }

    fn filled(mut self) -> Self {
        self.fill();
        self
    }

    fn fill(&mut self) {
        let events = self.events_left.min(PIECE);
        self.events_left -= events;
        for event in 1..=events {
            self.template.push_event(&mut self.piece);
            if event < events || self.events_left > 0 {
                self.piece.push(b',');
            }
        }
        if self.events_left == 0 {
            self.piece.extend_from_slice(b"]}");
            self.ended = true;
        }
    }
}
