//! Traces: on what a request, and the sending of what it brought, spent their time; for a collector, if `[telemetry]` names one.
//!
//! Nothing of an event can come into a span, by its types: names and words are literals of ours, numbers are numbers, ids are those
//! of sites and datasets in the configuration. Of a caller nothing is taken but the two ids of a well-formed `traceparent`, once its
//! key is known; never `tracestate`, never `baggage`. Nobody is told them but the collector: Meta gets no header of a trace.
//!
//! `tracer` begins spans, `span` is one, `origins` finds those of the requests that a batch came from, and `export` sends them. It
//! is there with the feature `otlp` alone; without, the configuration can name no collector, and no span is ever made.

mod context;
mod origins;
mod queue;
#[cfg_attr(not(any(feature = "otlp", test)), expect(dead_code, reason = "only the export needs all of it"))]
mod span;
#[cfg_attr(not(any(feature = "otlp", test)), expect(dead_code, reason = "only the export needs all of it"))]
mod tracer;

#[cfg(feature = "otlp")]
mod encode;
#[cfg(feature = "otlp")]
mod export;

#[cfg(test)]
mod tests;

#[cfg(feature = "otlp")]
pub use export::{Export, ExportError};
pub use span::{Key, Name, Span};
pub use tracer::{Arrival, Tracer};
