//! Who may call: keys, scopes, and how often.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::app::App;
use cogd::auth::{ApiKey, AuthConfig, AuthMode, Scope};
use cogd::config::Config;
use cogd::http::{Gate, GateError};
use cogd::jobs::Timestamp;
use cogd::storage::{Clock, Database, KeyRecord, KeyRing, StorageConfig, StorageError};

use crate::support::app::{Answer, TestApp, grey_png, mask_png, multipart};
use crate::support::world::{Engine, run};

/// A service that asks for keys, and its database.
struct Guarded {
    app: TestApp,
    database: Database,
}

impl Guarded {
    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut folder = PathBuf::new();
        let app = TestApp::with(|config| {
            config.auth.mode = AuthMode::Keys;
            change(config);
            folder.clone_from(&config.data_dir);
        });
        let app = app.await;
        let database = Database::connect(&StorageConfig::default(), &folder).await.unwrap();
        Self { app, database }
    }

    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn key(&self, name: &str, scopes: &[Scope]) -> ApiKey {
        add_key(&self.database, name, scopes).await
    }

    async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.app.call(request.body(Body::empty()).unwrap()).await
    }

    async fn get_with(&self, path: &str, key: &ApiKey) -> Answer {
        self.get(path, &[("authorization", &format!("Bearer {}", key.reveal()))]).await
    }
}

async fn add_key(database: &Database, name: &str, scopes: &[Scope]) -> ApiKey {
    let key = ApiKey::generate().unwrap();
    let scopes = scopes.iter().copied().collect();
    database.add_key(&KeyRecord::new(&key, name, scopes, Timestamp(1))).await.unwrap();
    key
}

/// A database of its own with its tables.
async fn database(folder: &tempfile::TempDir) -> Database {
    let database = Database::connect(&StorageConfig::default(), folder.path()).await.unwrap();
    database.migrate().await.unwrap();
    database
}

const ENGINES: &str = "/v1/engines";

#[tokio::test]
async fn a_key_opens_the_door_in_either_header_and_nothing_else_does() {
    let service = Guarded::new().await;
    let key = service.key("a", &[Scope::Restore]).await;
    let text = key.reveal();
    for (name, value) in [
        ("authorization", format!("Bearer {text}")),
        ("authorization", format!("bearer {text}")),
        ("x-api-key", text.to_owned()),
    ] {
        let answer = service.get(ENGINES, &[(name, &value)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {answer:?}");
    }
    let without = service.get(ENGINES, &[]).await;
    assert_eq!(without.problem(), "unauthenticated");
    assert_eq!(without.status, StatusCode::UNAUTHORIZED);
    assert_eq!(without.header("www-authenticate"), "Bearer realm=\"cogd\"");
    let stranger = ApiKey::generate().unwrap();
    let other_end = if text.ends_with('0') { '1' } else { '0' };
    for (name, value) in [
        ("authorization", format!("Bearer {}", stranger.reveal())),
        ("authorization", format!("Basic {text}")),
        ("authorization", "Bearer".to_owned()),
        ("x-api-key", format!("{}{other_end}", &text[..text.len() - 1])),
        ("x-api-key", String::new()),
    ] {
        let answer = service.get(ENGINES, &[(name, &value)]).await;
        assert_eq!(answer.problem(), "unauthenticated", "{name} {value:?}");
        assert!(answer.header("www-authenticate").contains("invalid_token"));
    }
}

#[tokio::test]
async fn a_scope_is_needed_for_work_and_the_missing_one_is_named() {
    let service = Guarded::new().await;
    let (restore, infer) =
        (service.key("a", &[Scope::Restore]).await, service.key("b", &[Scope::Infer]).await);
    let admin = service.key("c", &[Scope::Admin]).await;
    let files: &[(&str, &[u8])] = &[("image", &grey_png(24, 16, 0)), ("mask", &mask_png(24, 16))];
    for (key, status) in
        [(&restore, StatusCode::OK), (&infer, StatusCode::FORBIDDEN), (&admin, StatusCode::OK)]
    {
        let mut request = multipart("/v1/inpaint", files);
        request.headers_mut().insert("x-api-key", key.reveal().parse().unwrap());
        let answer = service.app.call(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        if status == StatusCode::FORBIDDEN {
            assert_eq!(answer.problem(), "insufficient-scope");
            assert!(answer.json()["detail"].as_str().unwrap().contains("`restore`"));
            assert!(answer.header("www-authenticate").contains("scope=\"restore\""));
        }
    }
    assert_eq!(service.get_with("/metrics", &restore).await.problem(), "insufficient-scope");
    assert_eq!(service.get_with("/metrics", &admin).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_job_of_another_key_is_not_there() {
    let service = Guarded::new().await;
    let (one, other) =
        (service.key("one", &[Scope::Restore]).await, service.key("other", &[Scope::Admin]).await);
    let (image, mask) = (grey_png(16, 16, 1), mask_png(16, 16));
    let ask = |path: &str, key: &ApiKey| {
        let mut request = multipart(path, &[("image", &image), ("mask", &mask)]);
        request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
        request.headers_mut().insert("x-api-key", key.reveal().parse().unwrap());
        service.app.call(request)
    };
    let job = ask("/v1/inpaint", &one).await;
    let batch = ask("/v1/batches", &one).await;
    assert_eq!((job.status, batch.status), (StatusCode::ACCEPTED, StatusCode::ACCEPTED));
    let (job, batch) = (job.header("location"), batch.header("location"));
    let paths =
        [job.to_owned(), format!("{job}/events"), format!("{job}/result"), batch.to_owned()];
    for path in &paths {
        let answer = service.get_with(path, &other).await;
        assert_eq!((answer.status, &*answer.problem()), (StatusCode::NOT_FOUND, "unknown-job"));
    }
    for path in [job, batch] {
        let request = Request::delete(path).header("x-api-key", other.reveal());
        let answer = service.app.call(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, &*answer.problem()), (StatusCode::NOT_FOUND, "unknown-job"));
    }
    let jobs = |answer: Answer| answer.json()["jobs"].as_array().unwrap().len();
    assert_eq!(jobs(service.get_with("/v1/jobs", &other).await), 0);
    assert_eq!(jobs(service.get_with("/v1/jobs", &one).await), 2);
    assert_eq!(service.get_with(job, &one).await.json()["state"], "queued");
}

#[tokio::test]
async fn models_are_run_with_one_scope_and_loaded_with_another() {
    let service = Guarded::with(|config| config.auth.burst = 20).await;
    let (restore, infer) =
        (service.key("a", &[Scope::Restore]).await, service.key("b", &[Scope::Infer]).await);
    let admin = service.key("c", &[Scope::Admin]).await;
    let run = "/v2/models/nobody/infer";
    let versioned = "/v2/models/nobody/versions/1/infer";
    let (index, load) = ("/v2/repository/index", "/v2/repository/models/nobody/load");
    for (path, key, status) in [
        (run, None, StatusCode::UNAUTHORIZED),
        (run, Some(&restore), StatusCode::FORBIDDEN),
        (versioned, Some(&restore), StatusCode::FORBIDDEN),
        (run, Some(&infer), StatusCode::NOT_FOUND),
        (versioned, Some(&infer), StatusCode::NOT_FOUND),
        (index, None, StatusCode::UNAUTHORIZED),
        (index, Some(&restore), StatusCode::OK),
        (load, Some(&infer), StatusCode::FORBIDDEN),
        (load, Some(&admin), StatusCode::NOT_FOUND),
    ] {
        let mut request = Request::post(path);
        if let Some(key) = key {
            request = request.header("x-api-key", key.reveal());
        }
        let answer = service.app.call(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        if status != StatusCode::OK {
            assert!(answer.json()["error"].is_string(), "{path}: {answer:?}");
        }
    }
    assert_eq!(service.get("/v2/health/ready", &[]).await.status, StatusCode::OK);
    assert_eq!(service.get("/v2", &[]).await.status, StatusCode::UNAUTHORIZED);
    // So that nobody can fill the door with names of models, requests are counted here as well.
    for _ in 0..40 {
        service.get_with("/v2/models", &infer).await;
    }
    let answer = service.get_with("/v2/models", &infer).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.json()["error"].is_string() && !answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn what_tells_nothing_takes_no_key_and_a_path_without_a_route_is_not_there() {
    let service = Guarded::with(|config| config.auth.open_metrics = true).await;
    for path in ["/livez", "/readyz", "/version", "/problems/too-busy", "/docs/", "/openapi.json"] {
        assert_eq!(service.get(path, &[]).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(service.get("/metrics", &[]).await.status, StatusCode::OK);
    assert_eq!(service.get("/v1/nothing", &[]).await.problem(), "not-found");
}

#[tokio::test]
async fn browsers_may_ask_before_they_send_a_key() {
    let service = Guarded::with(|config| {
        config.http.cors_origins = vec!["https://a.example".parse().unwrap()];
    })
    .await;
    let request = Request::options("/v1/inpaint")
        .header("origin", "https://a.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,prefer");
    let answer = service.app.call(request.body(Body::empty()).unwrap()).await;
    assert!(answer.status.is_success(), "{answer:?}");
    let headers = answer.header("access-control-allow-headers");
    for name in ["authorization", "x-api-key", "idempotency-key", "prefer", "last-event-id"] {
        assert!(headers.contains(name), "{name} is not in {headers}");
    }
    let methods = answer.header("access-control-allow-methods");
    assert!(methods.contains("DELETE"), "{methods}");
    // A refusal can be read by the page, too.
    let refused = service.get(ENGINES, &[("origin", "https://a.example")]).await;
    assert_eq!(refused.problem(), "unauthenticated");
    assert_eq!(refused.header("access-control-allow-origin"), "https://a.example");
    let exposed = refused.header("access-control-expose-headers");
    for name in ["location", "retry-after", "x-request-id", "preference-applied", "link"] {
        assert!(exposed.contains(name), "{name} is not in {exposed}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back_and_others_are_not_held_up() {
    let service = Guarded::with(|config| {
        (config.auth.requests_per_second, config.auth.burst) = (0.01, 3);
    });
    let service = service.await;
    let (one, other) = (service.key("one", &[]).await, service.key("other", &[]).await);
    for remaining in ["2", "1", "0"] {
        let answer = service.get_with(ENGINES, &one).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit-limit"), "3");
        assert_eq!(answer.header("ratelimit-remaining"), remaining);
    }
    let refused = service.get_with(ENGINES, &one).await;
    assert_eq!(refused.problem(), "too-many-requests");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    assert!((1..=100).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(service.get_with(ENGINES, &other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn keys_cannot_be_tried_at_speed_and_known_callers_pass_all_the_same() {
    let service = Guarded::new().await;
    let known = service.key("known", &[]).await;
    assert_eq!(service.get_with(ENGINES, &known).await.status, StatusCode::OK);
    let mut statuses = BTreeSet::new();
    for _ in 0..40 {
        statuses.insert(service.get_with(ENGINES, &ApiKey::generate().unwrap()).await.problem());
    }
    assert!(statuses.contains("unauthenticated") && statuses.contains("too-many-requests"));
    // Not even a right key is looked up for an address that tried too many.
    let right = service.key("right", &[]).await;
    let refused = service.get_with(ENGINES, &right).await;
    assert_eq!(refused.problem(), "too-many-requests");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(service.get_with(ENGINES, &known).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_public_address_without_a_key_is_refused_at_the_start_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = |mode| Config {
        data_dir: folder.path().to_owned(),
        auth: AuthConfig { mode, ..AuthConfig::default() },
        http: cogd::http::HttpConfig {
            bind: SocketAddr::from(([0, 0, 0, 0], 0)),
            ..cogd::http::HttpConfig::default()
        },
        ..Config::default()
    };
    let error = App::build(config(AuthMode::Auto)).await.unwrap_err().to_string();
    for part in ["0.0.0.0:0", "cogd keys create", "auth.mode=open"] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    App::build(config(AuthMode::Open)).await.unwrap();
    App::build(config(AuthMode::Keys)).await.unwrap();

    let database = database(&folder).await;
    let (auto, clock) = (AuthConfig::default(), Clock::system());
    let key = add_key(&database, "a", &[Scope::Restore]).await;
    Gate::build(&auto, "0.0.0.0:0".parse().unwrap(), &database, &clock).await.unwrap();
    database.revoke_key(key.id(), Timestamp(2)).await.unwrap();
    let gate = Gate::build(&auto, "[::]:0".parse().unwrap(), &database, &clock).await;
    assert!(matches!(gate, Err(GateError::NoKeys { .. })));
    Gate::build(&auto, "[::1]:0".parse().unwrap(), &database, &clock).await.unwrap();
}

#[tokio::test]
async fn names_of_keys_are_given_once_until_they_are_revoked() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        run(engine, async |world| gives_names_once(&world.database().await).await).await;
    }
}

async fn gives_names_once(database: &Database) {
    assert!(!database.has_keys().await.unwrap());
    let first = add_key(database, "name", &[Scope::Restore, Scope::Learn]).await;
    let second =
        KeyRecord::new(&ApiKey::generate().unwrap(), "name", BTreeSet::new(), Timestamp(2));
    let error = database.add_key(&second).await.unwrap_err();
    assert!(matches!(error, StorageError::Conflict { .. }), "{error:?}");

    let kept = database.find_key(first.id()).await.unwrap().unwrap();
    assert_eq!(kept.scopes, BTreeSet::from([Scope::Restore, Scope::Learn]));
    assert!(kept.principal(&first).is_some() && kept.used.is_none());
    for (now, noted) in [(1_000, 1_000), (60_000, 1_000), (70_000, 70_000)] {
        database.note_key_use(first.id(), Timestamp(now)).await.unwrap();
        let kept = database.find_key(first.id()).await.unwrap().unwrap();
        assert_eq!(kept.used, Some(Timestamp(noted)));
    }

    let revoked = database.revoke_key("name", Timestamp(9)).await.unwrap().unwrap();
    assert_eq!(revoked.revoked, Some(Timestamp(9)));
    assert!(revoked.principal(&first).is_none());
    assert!(database.revoke_key("name", Timestamp(10)).await.unwrap().is_none());
    assert!(!database.has_keys().await.unwrap());
    database.add_key(&second).await.unwrap();
    let names: Vec<_> =
        database.list_keys().await.unwrap().into_iter().map(|key| key.name).collect();
    assert_eq!(names, ["name", "name"]);
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_seconds_and_an_outage_is_bridged() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder).await;
    let key = add_key(&database, "a", &[Scope::Restore]).await;
    let time = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&time);
    let clock = Clock::from_fn(move || Timestamp(clock.load(Ordering::Relaxed)));
    let ring = KeyRing::new(database.clone(), clock.clone());
    let knows = async || ring.recognise(&key).await.map(|principal| principal.is_some());
    assert!(knows().await.unwrap());

    database.revoke_key("a", Timestamp(1)).await.unwrap();
    time.store(4_999, Ordering::Relaxed);
    assert!(knows().await.unwrap(), "it is still believed");
    time.store(5_000, Ordering::Relaxed);
    assert!(!knows().await.unwrap());

    let key = add_key(&database, "b", &[Scope::Restore]).await;
    let knows = async || ring.recognise(&key).await.map(|principal| principal.is_some());
    assert!(knows().await.unwrap());
    database.close().await;
    time.store(60_000, Ordering::Relaxed);
    assert!(knows().await.unwrap(), "the database is away, but the key was known");
    time.store(200_000, Ordering::Relaxed);
    let error = knows().await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable { .. }), "{error:?}");
    // A key that was never seen cannot be judged.
    let stranger = ApiKey::generate().unwrap();
    assert!(ring.recognise(&stranger).await.is_err());
}
