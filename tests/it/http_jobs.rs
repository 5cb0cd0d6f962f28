//! Requests that become jobs: accepted, followed, waited for, ended, and each done once.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cogd::imaging::{ImageLimits, decode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::app::{Answer, TestApp, grey_png, mask_png, multipart};

/// A restoration that answers with a job.
fn deferred(seed: u32) -> Request<Body> {
    with_header(inpaint(seed), "prefer", "respond-async")
}

fn inpaint(seed: u32) -> Request<Body> {
    let (image, mask) = (grey_png(48, 40, seed), mask_png(48, 40));
    multipart("/v1/inpaint", &[("image", &image), ("mask", &mask)])
}

/// One that takes long enough to be stopped.
fn endless() -> Request<Body> {
    let (image, mask) = (grey_png(600, 600, 1), {
        crate::support::app::png(600, 600, |x, y| if (x + y) % 2 == 0 { 255 } else { 0 })
    });
    let parts: &[(&str, &[u8])] = &[("image", &image), ("mask", &mask), ("iterations", b"1000")];
    with_header(multipart("/v1/inpaint", parts), "prefer", "respond-async")
}

fn with_header(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

fn delete(path: &str) -> Request<Body> {
    Request::delete(path).body(Body::empty()).unwrap()
}

/// Waits until the job is in one of these states.
async fn until(app: &TestApp, path: &str, states: &[&str]) -> Value {
    loop {
        let job = app.get(path).await.json();
        if states.contains(&job["state"].as_str().unwrap()) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    answer.header("location").to_owned()
}

#[tokio::test]
async fn a_job_gives_the_bytes_that_the_request_itself_would_have_given() {
    let app = TestApp::new().await;
    let answer = app.call(deferred(1)).await;
    let path = location(&answer);
    assert_eq!(answer.header("preference-applied"), "respond-async");
    assert_eq!(answer.json()["state"], "queued");
    assert_eq!(answer.header("x-job-id"), answer.json()["id"]);
    let early = app.get(&format!("{path}/result")).await;
    assert_eq!((early.status, early.problem().as_str()), (StatusCode::CONFLICT, "job-unfinished"));

    app.work();
    let job = until(&app, &path, &["succeeded"]).await;
    assert_eq!(job["attempts"], 1);
    assert!(job["timings_ms"]["solve"].as_f64().unwrap() > 0.0, "{job}");
    assert_eq!(job["report"]["engine"], "csc");
    let result = app.get(job["links"]["result"].as_str().unwrap()).await;
    let direct = app.call(inpaint(1)).await;
    assert_eq!(result.body, direct.body);
    for name in ["content-type", "x-engine", "x-mask-coverage", "x-solver-iterations"] {
        assert_eq!(result.header(name), direct.header(name), "{name}");
    }
    assert!(result.header("server-timing").contains("solve;dur="));
}

#[tokio::test]
async fn a_client_that_waits_gets_the_result_or_the_job() {
    let app = TestApp::new().await;
    let answer = app.call(with_header(inpaint(2), "prefer", "wait=1")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "nobody works yet");
    let path = location(&answer);
    app.work();
    until(&app, &path, &["succeeded"]).await;
    let answer = app.call(with_header(inpaint(2), "prefer", "wait=60")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("preference-applied"), "wait=60");
    assert_eq!(answer.body, app.call(inpaint(2)).await.body);
}

#[tokio::test]
async fn a_client_that_leaves_while_it_waits_does_not_cancel_its_job() {
    let app = TestApp::new().await;
    let request = with_header(inpaint(3), "prefer", "wait=60");
    let waiting = tokio::time::timeout(Duration::from_millis(500), app.call(request)).await;
    assert!(waiting.is_err(), "nobody works yet");
    let jobs = app.get("/v1/jobs").await.json();
    let path = jobs["jobs"][0]["links"]["self"].as_str().unwrap().to_owned();
    app.work();
    until(&app, &path, &["succeeded"]).await;
}

#[tokio::test]
async fn a_fault_of_the_request_is_told_at_once_and_leaves_nothing() {
    let app = TestApp::new().await;
    let image = grey_png(8, 8, 1);
    for (parts, field) in [
        (vec![("image", image.as_slice())], "invalid-parameters"),
        (vec![("image", image.as_slice()), ("mask", &mask_png(9, 9))], "mask-mismatch"),
        (vec![("image", b"nothing".as_slice()), ("mask", &image)], "unsupported-image"),
    ] {
        let request = with_header(multipart("/v1/inpaint", &parts), "prefer", "respond-async");
        let answer = app.call(request).await;
        assert_eq!(answer.problem(), field);
    }
    assert_eq!(app.get("/v1/jobs").await.json()["jobs"], json!([]));
    let before = cogd::jobs::Timestamp(i64::MAX);
    assert!(app.app.workshop().blobs.jobs_before(before).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_job_that_fails_answers_with_its_problem() {
    let app = TestApp::new().await;
    app.work();
    let full = crate::support::app::png(16, 16, |_, _| 255);
    let parts: &[(&str, &[u8])] = &[("image", &grey_png(16, 16, 1)), ("mask", &full)];
    let request = with_header(multipart("/v1/inpaint", parts), "prefer", "respond-async");
    let path = location(&app.call(request).await);
    let job = until(&app, &path, &["failed"]).await;
    assert_eq!(job["error"]["type"], "/problems/nothing-known");
    assert_eq!(job["attempts"], 1, "it would fail again");
    let result = app.get(&format!("{path}/result")).await;
    assert_eq!(result.status.as_u16(), job["error"]["status"]);
    assert_eq!(result.header("content-type"), "application/problem+json");
    assert_eq!(result.json()["type"], "/problems/nothing-known");
}

#[tokio::test]
async fn the_same_key_gives_the_same_job_and_another_body_is_refused() {
    let app = TestApp::new().await;
    let keyed = |seed| with_header(deferred(seed), "idempotency-key", "once");
    let path = location(&app.call(keyed(1)).await);
    let (again, meanwhile) = tokio::join!(app.call(keyed(1)), app.call(keyed(1)));
    assert_eq!((location(&again), location(&meanwhile)), (path.clone(), path));
    let other = app.call(keyed(2)).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.problem(), "idempotency-key-reused");
    assert_eq!(app.get("/v1/jobs").await.json()["jobs"].as_array().unwrap().len(), 1);
    let before = cogd::jobs::Timestamp(i64::MAX);
    assert_eq!(app.app.workshop().blobs.jobs_before(before).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_running_job_stops_when_it_is_deleted_and_is_forgotten_the_second_time() {
    let app = TestApp::new().await;
    app.work();
    let path = location(&app.call(endless()).await);
    until(&app, &path, &["running"]).await;
    let answer = app.call(delete(&path)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    until(&app, &path, &["cancelled"]).await;
    // The thread is free for the next one.
    location(&app.call(deferred(1)).await);
    let result = app.get(&format!("{path}/result")).await;
    assert_eq!((result.status, result.problem().as_str()), (StatusCode::GONE, "job-cancelled"));
    let events = app.get(&format!("{path}/events")).await;
    assert!(String::from_utf8(events.body.to_vec()).unwrap().contains("event: cancelled"));
    assert_eq!(app.call(delete(&path)).await.status, StatusCode::NO_CONTENT);
    for below in ["", "/result", "/events"] {
        let gone = app.get(&format!("{path}{below}")).await;
        assert_eq!((gone.status, gone.problem().as_str()), (StatusCode::NOT_FOUND, "unknown-job"));
    }
    assert_eq!(app.call(delete(&path)).await.problem(), "unknown-job");
}

#[tokio::test]
async fn a_queued_job_that_is_deleted_never_runs() {
    let app = TestApp::new().await;
    let path = location(&app.call(deferred(1)).await);
    let metrics = String::from_utf8(app.get("/metrics").await.body.to_vec()).unwrap();
    assert!(metrics.contains("cogd_backlog_waiting{priority=\"normal\"} 1\n"), "{metrics}");
    assert_eq!(app.call(delete(&path)).await.json()["state"], "cancelled");
    app.work();
    let next = location(&app.call(deferred(2)).await);
    until(&app, &next, &["succeeded"]).await;
    assert_eq!(app.get(&path).await.json()["attempts"], 0);
}

#[tokio::test]
async fn events_tell_every_change_and_end_with_the_job() {
    let app = TestApp::new().await;
    let path = location(&app.call(endless()).await);
    let events = format!("{path}/events");
    let request = Request::get(&events).body(Body::empty()).unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let stream = tokio::spawn(async move { response.into_body().collect().await.unwrap() });
    app.work();
    loop {
        let job = until(&app, &path, &["running"]).await;
        if job["progress"]["iteration"].as_u64().unwrap_or(0) > 0 {
            assert_eq!(job["progress"]["stage"], "solve");
            assert!(job["progress"]["remaining_s"].as_f64().unwrap() > 0.0);
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    app.call(delete(&path)).await;
    let text = String::from_utf8(stream.await.unwrap().to_bytes().to_vec()).unwrap();
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names.last(), Some(&"cancelled"), "{text}");
    assert!(names.len() > 3 && names[..names.len() - 1].iter().all(|name| *name == "progress"));
    let ids: Vec<i64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .map(|id| id.parse().unwrap())
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");

    // Who has seen the end is told that there is nothing more; who has not sees it again.
    let resume = |seen: i64| {
        let request = Request::get(&events).header("last-event-id", seen.to_string());
        app.call(request.body(Body::empty()).unwrap())
    };
    assert_eq!(resume(*ids.last().unwrap()).await.status, StatusCode::NO_CONTENT);
    let again = resume(ids[0]).await;
    assert!(String::from_utf8(again.body.to_vec()).unwrap().contains("event: cancelled"));
}

#[tokio::test]
async fn events_show_drafts_where_they_are_asked_for() {
    let app = TestApp::with(|config| config.jobs.heartbeat = Duration::from_millis(50)).await;
    app.work();
    let (image, mask) = (grey_png(400, 200, 1), {
        crate::support::app::png(400, 200, |x, y| if (x + y) % 2 == 0 { 255 } else { 0 })
    });
    let request = |extra: &[(&str, &[u8])]| {
        let parts = [("image", image.as_slice()), ("mask", &mask), ("iterations", b"40")];
        let request = multipart("/v1/inpaint", &[&parts, extra].concat());
        with_header(request, "prefer", "respond-async")
    };
    let mut results = Vec::new();
    for (previews, expected) in [("0", false), ("32", true)] {
        let path = location(&app.call(request(&[("previews", previews.as_bytes())])).await);
        let events = app.get(&format!("{path}/events")).await;
        let text = String::from_utf8(events.body.to_vec()).unwrap();
        let drafts: Vec<&str> =
            text.split("\n\n").filter(|event| event.contains("event: preview")).collect();
        assert_eq!(!drafts.is_empty(), expected, "{text}");
        for draft in drafts {
            assert!(!draft.contains("id: "), "it is no change of the job: {draft}");
            let data = draft.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            let told: Value = serde_json::from_str(data).unwrap();
            assert!((1..=40).contains(&told["iteration"].as_u64().unwrap()), "{draft}");
            assert_eq!(told["media_type"], "image/png");
            let file = STANDARD.decode(told["image"].as_str().unwrap()).unwrap();
            let draft = decode(&file, &ImageLimits::default()).unwrap().raster;
            assert_eq!((draft.height(), draft.width()), (160, 320));
        }
        let job = app.get(&path).await.json();
        assert_eq!(job["progress"]["preview"], Value::Null);
        results.push(app.get(&format!("{path}/result")).await.body);
    }
    assert_eq!(results[0], results[1]);
    let answer = app.call(request(&[("previews", b"33")])).await;
    assert_eq!(answer.problem(), "invalid-parameters");
    assert_eq!(answer.json()["errors"][0]["limit"], 32);
}

#[tokio::test]
async fn jobs_are_listed_page_by_page_the_newest_first() {
    let app = TestApp::new().await;
    let mut ids = Vec::new();
    for seed in 0..5 {
        ids.push(app.call(deferred(seed)).await.json()["id"].as_str().unwrap().to_owned());
    }
    ids.reverse();
    let (mut path, mut seen) = ("/v1/jobs?limit=2&state=queued".to_owned(), Vec::<String>::new());
    loop {
        let page = app.get(&path).await;
        let jobs = page.json();
        seen.extend(
            jobs["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().into()),
        );
        let link = page.header("link");
        if link.is_empty() {
            assert_eq!(jobs["next"], Value::Null);
            break;
        }
        path = link.split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert_eq!(seen, ids);
    for (query, field) in [("limit=0", "limit"), ("limit=1000", "limit"), ("state=done", "query")] {
        let answer = app.get(&format!("/v1/jobs?{query}")).await;
        assert_eq!(answer.problem(), "invalid-parameters", "{query}");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    assert_eq!(app.get("/v1/jobs?kind=learn").await.json()["jobs"], json!([]));
}

#[tokio::test]
async fn a_batch_takes_one_mask_for_many_images() {
    let app = TestApp::new().await;
    let (images, mask) = ([grey_png(24, 24, 1), grey_png(24, 24, 2)], mask_png(24, 24));
    let parts: Vec<(&str, &[u8])> =
        vec![("image", &images[0]), ("mask", &mask), ("image", &images[1])];
    let path = location(&app.call(multipart("/v1/batches", &parts)).await);
    app.work();
    let batch = loop {
        let batch = app.get(&path).await.json();
        if batch["states"]["succeeded"] == 2 {
            break batch;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    for (image, job) in images.iter().zip(batch["jobs"].as_array().unwrap()) {
        let result = app.get(job["links"]["result"].as_str().unwrap()).await;
        let request = multipart("/v1/inpaint", &[("image", image), ("mask", &mask)]);
        assert_eq!(result.body, app.call(request).await.body);
    }
    let parts: Vec<(&str, &[u8])> =
        vec![("image", &images[0]), ("image", &images[1]), ("image", b"x"), ("mask", &mask)];
    let answer = app.call(multipart("/v1/batches", &parts)).await;
    assert_eq!(answer.problem(), "unsupported-image");
    assert!(answer.json()["detail"].as_str().unwrap().starts_with("image 2: "));
    assert_eq!(
        app.get("/v1/jobs").await.json()["jobs"].as_array().unwrap().len(),
        2,
        "all or none"
    );
}

#[tokio::test]
async fn a_learned_dictionary_can_be_used_by_name_at_once() {
    let app = TestApp::new().await;
    app.work();
    let images = [grey_png(40, 40, 1), grey_png(40, 40, 2)];
    let learn = || {
        multipart(
            "/v1/dictionaries",
            &[("name", b"mine"), ("passes", b"1"), ("image", &images[0]), ("image", &images[1])],
        )
    };
    let path = location(&app.call(learn()).await);
    let job = until(&app, &path, &["succeeded", "failed"]).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let shown = app.get("/v1/dictionaries/mine").await.json();
    assert_eq!((shown["name"].as_str(), shown["side"].as_u64()), (Some("mine"), Some(8)));
    let listed = app.get("/v1/dictionaries").await.json();
    assert!(listed["dictionaries"].as_array().unwrap().iter().any(|row| row["name"] == "mine"));

    let (image, mask) = (grey_png(40, 40, 3), mask_png(40, 40));
    let parts: &[(&str, &[u8])] = &[("image", &image), ("mask", &mask), ("dictionary", b"mine")];
    let direct = app.call(multipart("/v1/inpaint", parts)).await;
    assert_eq!((direct.status, direct.header("x-dictionary")), (StatusCode::OK, "mine"));
    let request = with_header(multipart("/v1/inpaint", parts), "prefer", "wait=60");
    assert_eq!(app.call(request).await.body, direct.body);

    assert_eq!(app.call(learn()).await.problem(), "name-taken");
    assert_eq!(app.call(delete("/v1/dictionaries/mine")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/v1/dictionaries/mine").await.problem(), "unknown-dictionary");
    assert_eq!(app.call(delete("/v1/dictionaries/dct")).await.problem(), "unknown-dictionary");
}

#[tokio::test]
async fn a_service_that_stops_hands_its_job_back_unharmed() {
    let app = TestApp::with(|config| config.http.shutdown_grace = Duration::ZERO).await;
    let working = app.work();
    let path = location(&app.call(endless()).await);
    until(&app, &path, &["running"]).await;
    app.stop();
    working.await.unwrap();
    let job = app.get(&path).await.json();
    assert_eq!((job["state"].as_str(), job["attempts"].as_u64()), (Some("queued"), Some(0)));
}
