//! What the gateway is compared with: the same HTTP library and allocator, a typed parse of the body, and Meta's answer.
//!
//! What a plain service would do, and no more: no key, no filter, nothing kept, nothing sent on.

use std::borrow::Cow;

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// Runs until it is killed; prints its address once it listens.
pub(crate) fn run() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        // As the gateway's listener: an answer is not held back to be sent with the next.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let router = Router::new().route("/{version}/{dataset}/events", post(events));
        axum::serve(listener, router).await?;
        Ok(())
    })
}

async fn events(body: Bytes) -> Response {
    let Ok(posted) = serde_json::from_slice::<Posted<'_>>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let answer = Answer { events_received: posted.data.len(), messages: [], fbtrace_id: "A0123456789abcdef0123456" };
    let text = serde_json::to_vec(&answer).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

#[derive(Serialize)]
struct Answer {
    events_received: usize,
    messages: [(); 0],
    fbtrace_id: &'static str,
}

#[derive(Deserialize)]
struct Posted<'a> {
    #[serde(borrow)]
    data: Vec<Conversion<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read for the cost of reading")]
struct Conversion<'a> {
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    event_time: i64,
    #[serde(borrow)]
    event_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event_source_url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    action_source: Cow<'a, str>,
    #[serde(borrow)]
    user_data: User<'a>,
    #[serde(borrow)]
    custom_data: Option<Custom<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read for the cost of reading")]
struct User<'a> {
    #[serde(borrow, default)]
    em: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    ph: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    r#fn: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    ln: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    ct: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    zp: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    client_ip_address: Option<Cow<'a, str>>,
    #[serde(borrow)]
    client_user_agent: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read for the cost of reading")]
struct Custom<'a> {
    #[serde(borrow)]
    currency: Option<Cow<'a, str>>,
    value: Option<f64>,
    #[serde(borrow)]
    order_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    contents: Vec<Good<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read for the cost of reading")]
struct Good<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    quantity: u32,
    item_price: f64,
}
