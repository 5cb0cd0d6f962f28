//! Webhooks: what a receiver gets, when it gets it again, and who is never called.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use cogd::jobs::{JobId, RetryPolicy, Timestamp};
use cogd::storage::{Attempt, Clock, Database, NewJob, StorageConfig};
use cogd::worker::{Deliverer, WebhookConfig, check_target};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::receiver::{PATIENCE, Receiver, SECRET};
use crate::support::world::{Engine, World, add, claim, completion, job, run};

/// A database, and a deliverer that runs until this is dropped.
struct Sending {
    database: Database,
    deliverer: Deliverer,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

fn config(allow: &[&str]) -> WebhookConfig {
    WebhookConfig {
        secret: Some(SECRET.parse().unwrap()),
        allow: allow.iter().map(|text| text.parse().unwrap()).collect(),
        retry: RetryPolicy {
            max_attempts: 3,
            base: Duration::from_millis(1),
            longest: Duration::from_millis(5),
        },
        ..WebhookConfig::default()
    }
}

impl Sending {
    async fn with(config: WebhookConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::connect(&StorageConfig::default(), folder.path()).await.unwrap();
        database.migrate().await.unwrap();
        let deliverer =
            Deliverer::new(database.clone(), Clock::system(), config, Arc::default()).unwrap();
        let stop = CancellationToken::new();
        let (running, stopping) = (deliverer.clone(), stop.clone());
        tokio::spawn(async move { running.run(&stopping).await });
        Self { database, deliverer, stop, _folder: folder }
    }

    async fn send(&self, url: &str, body: &[u8]) -> JobId {
        let job = JobId::generate();
        self.database.enqueue_delivery(job, url, body, None, Clock::system().now()).await.unwrap();
        self.deliverer.wake();
        job
    }

    /// Waits until nothing waits to be sent.
    async fn is_done(&self) {
        let done = async {
            while self.database.next_delivery().await.unwrap().is_some() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, done).await.expect("an event still waits");
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What `openssl` makes of the same secret, id, time and body has to be what was sent.
fn assert_signed(headers: &HeaderMap, body: &[u8]) {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let signed = [
        format!("{}.{}.", text("webhook-id"), text("webhook-timestamp")).into_bytes(),
        body.to_vec(),
    ];
    let key = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &SECRET[6..]);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key.unwrap()).unwrap();
    mac.update(&signed.concat());
    let signature = text("webhook-signature");
    let signature = signature.strip_prefix("v1,").unwrap();
    let signature =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, signature).unwrap();
    mac.verify_slice(&signature).unwrap();
}

#[tokio::test]
async fn a_receiver_gets_the_event_with_a_signature_it_can_check() {
    let mut receiver = Receiver::start(&[]).await;
    let sending = Sending::with(config(&["127.0.0.1"])).await;
    let body = br#"{"type":"job.succeeded"}"#;
    let job = sending.send(&receiver.url, body).await;
    let (headers, got) = receiver.next().await;
    assert_eq!(got, body.as_slice());
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["webhook-id"], format!("msg_{job}"));
    assert_signed(&headers, &got);
    sending.is_done().await;
    // An event is sent once, however often it is asked for.
    sending
        .database
        .enqueue_delivery(job, &receiver.url, b"again", None, Timestamp(0))
        .await
        .unwrap();
    assert!(sending.database.next_delivery().await.unwrap().is_none());
}

#[tokio::test]
async fn an_event_is_sent_again_under_the_same_name_until_it_arrives() {
    let mut receiver = Receiver::start(&[500, 429]).await;
    let sending = Sending::with(config(&["127.0.0.0/8"])).await;
    sending.send(&receiver.url, b"{}").await;
    let mut names = Vec::new();
    for _ in 0..3 {
        let (headers, body) = receiver.next().await;
        assert_signed(&headers, &body);
        names.push(headers["webhook-id"].clone());
    }
    assert!(names.iter().all(|name| *name == names[0]));
    sending.is_done().await;
    assert!(receiver.events.try_recv().is_err(), "it has arrived");
}

#[tokio::test]
async fn after_the_last_attempt_and_after_a_plain_refusal_nothing_more_is_sent() {
    let sending = Sending::with(config(&["127.0.0.1"])).await;
    for (statuses, attempts) in [(&[500; 9][..], 3), (&[404], 1), (&[302], 1), (&[410], 1)] {
        let mut receiver = Receiver::start(statuses).await;
        sending.send(&receiver.url, b"{}").await;
        sending.is_done().await;
        let mut got = 0;
        while receiver.events.try_recv().is_ok() {
            got += 1;
        }
        assert_eq!(got, attempts, "{statuses:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_away_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let sending = Sending::with(config(&["127.0.0.1"])).await;
    sending.send(&format!("http://{address}/"), b"{}").await;
    sending.is_done().await;
}

#[tokio::test]
async fn nothing_connects_to_inner_addresses_by_number_or_by_name() {
    let mut receiver = Receiver::start(&[]).await;
    let sending = Sending::with(config(&["10.0.0.0/8"])).await;
    // Of the two names, the second is only known to be inner once it is looked up.
    let port = receiver.url.split(':').nth(2).unwrap().to_owned();
    for url in [receiver.url.clone(), format!("http://localhost:{port}")] {
        sending.send(&url, b"{}").await;
    }
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    if !name.trim().is_empty() {
        sending.send(&format!("http://{}:{port}", name.trim()), b"{}").await;
    }
    sending.is_done().await;
    assert!(receiver.events.try_recv().is_err(), "an inner address was called");
}

#[tokio::test]
async fn a_host_that_is_allowed_by_name_may_be_anywhere() {
    let mut receiver = Receiver::start(&[]).await;
    let url = receiver.url.replace("127.0.0.1", "localhost");
    let config = config(&["localhost"]);
    check_target(&url, &config).unwrap();
    let sending = Sending::with(config).await;
    sending.send(&url, b"{}").await;
    receiver.next().await;
}

#[tokio::test]
async fn an_event_whose_process_died_is_sent_by_another_and_late_words_do_not_count() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        run(engine, async |world| passes_events_on(&world.database().await).await).await;
    }
}

#[tokio::test]
async fn a_job_that_ended_without_its_event_is_found() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        run(engine, async |world| finds_what_was_missed(&world).await).await;
    }
}

async fn finds_what_was_missed(world: &World) {
    let (queue, database) = (world.queue().await, world.database().await);
    let begin = world.now();
    let told = NewJob { webhook: Some("https://a.example".to_owned()), ..job("a") };
    for new in [&told, &job("a")] {
        add(&queue, new).await;
    }
    let missed = async || {
        let until = Timestamp(world.now().0 + 1);
        database.jobs_without_delivery(begin, until, 10).await.unwrap()
    };
    assert!(missed().await.is_empty(), "nothing has ended");
    for _ in 0..2 {
        let claim = claim(&queue).await;
        queue.succeed(&claim, &completion(claim.job.id)).await.unwrap();
    }
    assert_eq!(missed().await, [("a".to_owned(), told.id)]);
    database
        .enqueue_delivery(told.id, "https://a.example", b"{}", None, world.now())
        .await
        .unwrap();
    assert!(missed().await.is_empty());
}

async fn passes_events_on(database: &Database) {
    let job = JobId::generate();
    database.enqueue_delivery(job, "https://a.example", b"{}", None, Timestamp(5)).await.unwrap();
    assert!(database.claim_deliveries(Timestamp(4), Timestamp(9), 10).await.unwrap().is_empty());
    let first = database.claim_deliveries(Timestamp(5), Timestamp(9), 10).await.unwrap().remove(0);
    assert_eq!((first.job, first.attempts), (job, 1));
    assert!(database.claim_deliveries(Timestamp(8), Timestamp(20), 10).await.unwrap().is_empty());
    let second =
        database.claim_deliveries(Timestamp(9), Timestamp(20), 10).await.unwrap().remove(0);
    assert_eq!(second.attempts, 2);
    // The first one was only slow.
    let late = Attempt::Failed("late".to_owned());
    assert!(!database.record_attempt(&first, &late, Timestamp(10)).await.unwrap());
    let again = Attempt::Again(Timestamp(30), "busy".to_owned());
    assert!(database.record_attempt(&second, &again, Timestamp(10)).await.unwrap());
    assert_eq!(database.next_delivery().await.unwrap(), Some(Timestamp(30)));
    let third =
        database.claim_deliveries(Timestamp(30), Timestamp(40), 10).await.unwrap().remove(0);
    assert!(database.record_attempt(&third, &Attempt::Delivered, Timestamp(31)).await.unwrap());
    assert!(database.next_delivery().await.unwrap().is_none());
    assert_eq!(database.forget_deliveries(Timestamp(31)).await.unwrap(), 0);
    assert_eq!(database.forget_deliveries(Timestamp(32)).await.unwrap(), 1);
}
