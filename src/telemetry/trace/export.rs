//! Hands finished steps to a collector, by OTLP over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::registry::LookupSpan;
use ureq::Agent;

use super::{CollectorUrl, TARGET, TraceConfig, TraceContext, TraceHeaders};
use crate::telemetry::BuildInfo;

/// Longest time for the collector to take what it is sent.
const PATIENCE: Duration = Duration::from_secs(5);

/// Collects finished steps on a thread of its own. What the collector does not take in time is
/// lost; nobody else ever waits for it.
#[derive(Debug)]
pub(in crate::telemetry) struct Exporter {
    provider: SdkTracerProvider,
}

/// There can be no exporter.
#[derive(Debug, thiserror::Error)]
#[error("the exporter of traces (trace.collector) cannot be set up")]
pub struct ExporterError(#[from] ExporterBuildError);

impl Exporter {
    pub(in crate::telemetry) fn new(
        config: &TraceConfig,
        collector: &CollectorUrl,
    ) -> Result<Self, ExporterError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new())
            .with_endpoint(collector.traces())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(PATIENCE)
            .with_headers(config.headers.iter().flat_map(TraceHeaders::expose).collect())
            .build()?;
        let build = BuildInfo::CURRENT;
        let resource = Resource::builder_empty()
            .with_service_name(config.service_name.clone())
            .with_attributes([
                KeyValue::new("service.version", build.version),
                KeyValue::new("process.pid", i64::from(std::process::id())),
            ])
            .build();
        // Who caused a step decides for it as well, so that no trace has holes.
        let sampler =
            Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio)));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(sampler)
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { provider })
    }

    /// What makes steps of spans.
    pub(in crate::telemetry) fn layer<S>(
        &self,
    ) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_tracer(self.provider.tracer(TARGET))
    }
}

impl Drop for Exporter {
    /// Sends what has not been sent yet.
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "the last steps of traces were lost");
        }
    }
}

/// As [`super::join`]; `None` if nobody records.
pub(super) fn join(span: &Span, cause: Option<TraceContext>) -> Option<TraceContext> {
    if let Some(cause) = cause {
        let parent = SpanContext::new(
            TraceId::from_bytes(cause.trace),
            SpanId::from_bytes(cause.span),
            if cause.is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() },
            true,
            TraceState::default(),
        );
        span.set_parent(Context::new().with_remote_span_context(parent)).ok()?;
    }
    let context = span.context();
    let joined = context.span().span_context().clone();
    joined.is_valid().then(|| TraceContext {
        trace: joined.trace_id().to_bytes(),
        span: joined.span_id().to_bytes(),
        is_sampled: joined.is_sampled(),
    })
}

/// The client that the program has for everything that may block.
#[derive(Debug)]
struct Client(Agent);

impl Client {
    fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            // The exporter decides by the status whether to try again.
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None);
        Self(config.build().into())
    }
}

#[async_trait]
impl HttpClient for Client {
    /// Blocks, which is what the thread of the exporter is for.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.0.run(request.map(Vec::from))?;
        let (head, mut body) = answer.into_parts();
        Ok(Response::from_parts(head, body.read_to_vec()?.into()))
    }
}
