//! A receiver of webhooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// What webhooks are signed with in tests.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Far longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Takes events, and answers with the statuses it was given and then with 200.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) events: UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Receiver {
    pub(crate) async fn start(statuses: &[u16]) -> Self {
        let (sender, events) = unbounded_channel();
        let statuses = Arc::new(Mutex::new(statuses.to_vec()));
        let answer = move |headers: HeaderMap, body: Bytes| {
            let mut statuses = statuses.lock().unwrap();
            let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
            sender.send((headers, body)).unwrap();
            // Where it says to go to, nobody must go.
            let answer = (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")]);
            async move { answer }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { url, events }
    }

    pub(crate) async fn next(&mut self) -> (HeaderMap, Bytes) {
        timeout(PATIENCE, self.events.recv()).await.expect("nothing was sent").unwrap()
    }
}
