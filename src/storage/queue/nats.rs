//! NATS JetStream as the one who wakes: of all idle workers of all processes, one for each job.
//!
//! A message is a token: it says that one job waits. Which one, the table says, so the order of
//! the table (priorities, turns) and its fences hold whoever brings the token. A token is
//! acknowledged when its job is over, and comes back when its worker is silent for a lease. A
//! token too many costs one look at the table; one too few costs nothing but time, for whoever
//! waits looks at the table now and then.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::{self, AckPolicy, PullConsumer};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{self, RetentionPolicy};
use async_nats::jetstream::{self, AckKind, Context};
use futures_util::StreamExt as _;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::wake::Wake;
use crate::jobs::{Job, Priority};
use crate::storage::error::Cause;
use crate::storage::{SecretUrl, StorageError};

/// The stream that is used when the address names none.
const DEFAULT_STREAM: &str = "COGD_JOBS";

/// All workers pull from one consumer. Its order does not matter: the table has the order.
const CONSUMER: &str = "workers";

/// Tokens that wait for being sent. What does not fit is found by looking at the table.
const OUTBOX: usize = 10_000;

/// Longest wait for an answer of the broker on the way of a job.
const PATIENCE: Duration = Duration::from_millis(200);

/// Longest wait for the broker at the start, and for its receipt of a token.
const LONG_PATIENCE: Duration = Duration::from_secs(5);

/// How long one request for a token stands.
const PULL: Duration = Duration::from_secs(20);

/// Wait after the broker refused something.
const REST: Duration = Duration::from_secs(1);

const EXPECTED: &str = "nats://HOST:PORT or tls://HOST:PORT, perhaps followed by /STREAM";

/// The connection to the broker.
#[derive(Debug)]
pub(super) struct Broker {
    context: Context,
    consumer: PullConsumer,
    outbox: mpsc::Sender<Token>,
    /// Workers that wait.
    idle: AtomicUsize,
    /// Messages that have come and belong to no claim yet.
    tokens: Mutex<Vec<Message>>,
    /// The number of the idle, or of the tokens, is another one.
    balance: Notify,
}

/// A token to send.
#[derive(Debug)]
struct Token {
    priority: Priority,
    /// Sent twice within two minutes, the broker takes it once.
    id: String,
}

/// A token that has come.
#[derive(Debug)]
pub(super) struct Message(jetstream::Message);

impl Message {
    /// The worker of its job is alive.
    pub(super) async fn extend(&self) {
        self.answer(AckKind::Progress).await;
    }

    /// Its job is over, or there was none.
    pub(super) async fn done(&self) {
        self.answer(AckKind::Ack).await;
    }

    /// Its job waits again, for so long.
    pub(super) async fn again(&self, wait: Duration) {
        self.answer(AckKind::Nak((!wait.is_zero()).then_some(wait))).await;
    }

    async fn answer(&self, kind: AckKind) {
        // Unheard, the token comes back after a lease, and finds what there is.
        if !matches!(timeout(PATIENCE, self.0.ack_with(kind)).await, Ok(Ok(()))) {
            tracing::debug!("the message broker was told nothing about a token");
        }
    }
}

impl Broker {
    /// Connects, makes stream and consumer if they are missing, and begins to listen for tokens.
    ///
    /// # Errors
    /// [`StorageError::Address`] for an address that is not one of NATS,
    /// [`StorageError::Unavailable`] if nothing answers there.
    pub(super) async fn connect(
        address: &SecretUrl,
        lease: Duration,
        wake: &Arc<Wake>,
        end: CancellationToken,
    ) -> Result<Arc<Self>, StorageError> {
        let unavailable =
            |source: Cause| StorageError::Unavailable { what: "the message broker", source };
        let (server, stream) = parse(address)?;
        let options = async_nats::ConnectOptions::new()
            .name("cogd")
            .connection_timeout(LONG_PATIENCE)
            .request_timeout(Some(LONG_PATIENCE));
        let connecting = timeout(LONG_PATIENCE, options.connect(server)).await;
        let client = connecting
            .map_err(|late| unavailable(late.into()))?
            .map_err(|error| unavailable(error.into()))?;
        let context = jetstream::new(client);
        let consumer = set_up(&context, &stream, lease).await.map_err(unavailable)?;
        let (outbox, tokens) = mpsc::channel(OUTBOX);
        let broker = Arc::new(Self {
            context,
            consumer,
            outbox,
            idle: AtomicUsize::new(0),
            tokens: Mutex::default(),
            balance: Notify::new(),
        });
        let sending = send(broker.context.clone(), stream.clone(), tokens);
        tokio::spawn(end.clone().run_until_cancelled_owned(sending));
        let pulling = Arc::clone(&broker).pull(stream, lease, Arc::clone(wake));
        tokio::spawn(end.run_until_cancelled_owned(pulling));
        Ok(broker)
    }

    /// Sends a token for a job that waits. Does not wait, and cannot fail: a job whose token is
    /// lost is found in the table. Says whether a token is on its way.
    pub(super) fn announce(&self, job: &Job) -> bool {
        let id = format!("{}.{}", job.id, job.revision);
        let sent = self.outbox.try_send(Token { priority: job.priority, id }).is_ok();
        sent && self.is_connected()
    }

    /// The token for a job that was just claimed, if there is one.
    pub(super) async fn token(&self) -> Option<Message> {
        if let Some(message) = self.arrived() {
            return Some(message);
        }
        // The worker never waited, so nobody asked the broker.
        let asking = async {
            let mut batch = self.consumer.fetch().max_messages(1).messages().await.ok()?;
            batch.next().await?.ok().map(Message)
        };
        if self.is_connected() { timeout(PATIENCE, asking).await.ok()? } else { None }
    }

    /// A token that has come while somebody waited.
    pub(super) fn arrived(&self) -> Option<Message> {
        let message = self.tokens().pop();
        self.balance.notify_one();
        message
    }

    /// Counts a worker as idle until the answer is dropped.
    pub(super) fn idle(&self) -> Idle<'_> {
        self.idle.fetch_add(1, Ordering::SeqCst);
        self.balance.notify_one();
        Idle(self)
    }

    fn is_connected(&self) -> bool {
        self.context.client().connection_state() == State::Connected
    }

    fn tokens(&self) -> MutexGuard<'_, Vec<Message>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wants_tokens(&self) -> bool {
        self.idle.load(Ordering::SeqCst) > self.tokens().len()
    }

    /// Asks for as many tokens as workers are idle, one at a time.
    async fn pull(self: Arc<Self>, stream: String, lease: Duration, wake: Arc<Wake>) {
        loop {
            while !self.wants_tokens() {
                self.balance.notified().await;
            }
            match self.next().await {
                Ok(None) => {}
                Ok(Some(message)) if self.wants_tokens() => {
                    self.tokens().push(message);
                    wake.work();
                }
                // Everyone here has found work meanwhile; somebody elsewhere may not have.
                Ok(Some(message)) => message.again(Duration::ZERO).await,
                Err(error) => {
                    tracing::warn!(%error, "the message broker gives no work");
                    tokio::time::sleep(REST).await;
                    // It may have lost its memory.
                    if let Err(error) = set_up(&self.context, &stream, lease).await {
                        tracing::debug!(%error, "the message broker takes no stream");
                    }
                }
            }
        }
    }

    async fn next(&self) -> Result<Option<Message>, async_nats::Error> {
        let mut batch = self.consumer.batch().max_messages(1).expires(PULL).messages().await?;
        Ok(batch.next().await.transpose()?.map(Message))
    }
}

/// A worker that waits.
#[derive(Debug)]
pub(super) struct Idle<'a>(&'a Broker);

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.idle.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Sends tokens in order.
async fn send(context: Context, stream: String, mut tokens: mpsc::Receiver<Token>) {
    while let Some(token) = tokens.recv().await {
        let subject = format!("{stream}.{}", token.priority.name());
        let message = PublishMessage::build().message_id(&token.id).payload(token.id.into());
        let sending = async { context.send_publish(subject, message).await?.await };
        match timeout(LONG_PATIENCE, sending).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the message broker takes no token"),
            Err(_) => tracing::warn!("the message broker does not answer"),
        }
    }
}

/// Makes the stream and its consumer, or brings them up to date.
async fn set_up(context: &Context, stream: &str, lease: Duration) -> Result<PullConsumer, Cause> {
    let stream = context
        .get_or_create_stream(stream::Config {
            name: stream.to_owned(),
            subjects: vec![format!("{stream}.*")],
            retention: RetentionPolicy::WorkQueue,
            ..stream::Config::default()
        })
        .await?;
    let consumer = consumer::pull::Config {
        durable_name: Some(CONSUMER.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: lease,
        max_ack_pending: -1,
        ..consumer::pull::Config::default()
    };
    Ok(stream.create_consumer(consumer).await?)
}

/// The server and the name of the stream.
fn parse(address: &SecretUrl) -> Result<(async_nats::ServerAddr, String), StorageError> {
    let wrong = || StorageError::Address { url: address.to_string(), expected: EXPECTED };
    let mut url = Url::parse(address.expose()).map_err(|_| wrong())?;
    let stream = url.path().trim_matches('/').to_owned();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !matches!(url.scheme(), "nats" | "tls") || !stream.bytes().all(is_name) {
        return Err(wrong());
    }
    url.set_path("");
    let server = async_nats::ServerAddr::from_url(url).map_err(|_| wrong())?;
    Ok((server, if stream.is_empty() { DEFAULT_STREAM.to_owned() } else { stream }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_address_names_the_stream() {
        let stream = |address: &str| parse(&address.parse().unwrap()).map(|(_, stream)| stream);
        assert_eq!(stream("nats://broker:4222").unwrap(), DEFAULT_STREAM);
        assert_eq!(stream("tls://user:secret@broker/jobs-2").unwrap(), "jobs-2");
        for wrong in ["http://broker", "nats://broker/a.b", "nats://broker/a/b"] {
            assert!(matches!(stream(wrong), Err(StorageError::Address { .. })), "{wrong}");
        }
    }
}
