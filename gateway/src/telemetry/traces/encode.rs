//! Spans in the form of OTLP. The types and their bytes are the library's; which field is filled, and with what, stands here.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::common::v1::{AnyValue as Any, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use super::context::Context;
use super::span::{Name, Record, Value};

/// The body of a request to the collector. `gateway` is this process among its like.
pub(super) fn request(gateway: &str, records: Vec<Record>) -> Vec<u8> {
    let said = [("service.name", "portcullis"), ("service.version", crate::VERSION), ("service.instance.id", gateway)];
    let attributes = said.map(|(key, value)| attribute(key, AnyValue::StringValue(value.to_owned()))).to_vec();
    let scope = InstrumentationScope {
        name: "portcullis".to_owned(),
        version: crate::VERSION.to_owned(),
        ..InstrumentationScope::default()
    };
    let spans = records.into_iter().map(span).collect();
    let resource_spans = ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }.encode_to_vec()
}

fn span(record: Record) -> Span {
    let kind = match record.name {
        Name::Request => SpanKind::Server,
        Name::Deliver => SpanKind::Client,
        Name::Sanitize | Name::Append | Name::Batch => SpanKind::Internal,
    };
    let status = record.has_failed.then(|| Status { message: String::new(), code: StatusCode::Error.into() });
    Span {
        trace_id: record.context.trace.to_vec(),
        span_id: record.context.span.to_vec(),
        parent_span_id: record.parent.map(|id| id.to_vec()).unwrap_or_default(),
        name: record.name.as_str().to_owned(),
        kind: kind.into(),
        start_time_unix_nano: record.start_ns,
        end_time_unix_nano: record.end_ns,
        attributes: record.values.into_iter().map(|(key, value)| attribute(key.as_str(), any(value))).collect(),
        links: record.links.into_iter().map(link).collect(),
        dropped_links_count: u32::try_from(record.more_links).unwrap_or(u32::MAX),
        status,
        ..Span::default()
    }
}

fn link(to: Context) -> Link {
    Link { trace_id: to.trace.to_vec(), span_id: to.span.to_vec(), ..Link::default() }
}

fn any(value: Value) -> AnyValue {
    match value {
        Value::Number(number) => AnyValue::IntValue(i64::try_from(number).unwrap_or(i64::MAX)),
        Value::Word(word) => AnyValue::StringValue(word.to_owned()),
        Value::Id(id) => AnyValue::StringValue(id.to_string()),
    }
}

fn attribute(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(Any { value: Some(value) }), ..KeyValue::default() }
}
