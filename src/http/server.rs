//! Connections: accepted up to a limit, timed, and closed without haste.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use super::HttpConfig;
use super::gate::ClientAddress;
use crate::telemetry::Metrics;

/// Time for answers already computed to reach their clients after the service has stopped.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Pause after the system refused a connection, most likely for want of file handles.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Serves until `stop` resolves, then lets open requests end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &HttpConfig,
    metrics: &Metrics,
    stop: impl Future<Output = ()>,
) {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(config.header_timeout);
    let places = Arc::new(Semaphore::new(config.max_connections));
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, client, place)) = accepted else {
            sleep(BACK_OFF).await;
            continue;
        };
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client);
            request
        });
        let service = TowerToHyperService::new(service);
        // Who reads nothing would keep its answer in memory, and its place, for ever.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(config.write_timeout));
        let stream = TokioIo::new(Box::pin(stream));
        let connection = open.watch(protocol.serve_connection(stream, service));
        let counted = metrics.requests().connection();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop((place, counted));
        });
    }
    drop(listener);
    if timeout(LAST_WORDS, open.shutdown()).await.is_err() {
        tracing::warn!("some connections were cut off");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, ClientAddress, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    match listener.accept().await {
        Ok((stream, client)) => {
            // Answers are written in one piece; waiting for more to send only adds delay.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
            Some((stream, ClientAddress(client), place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            None
        }
    }
}
