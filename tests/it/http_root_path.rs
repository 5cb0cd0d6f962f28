//! The service below a path of its host, behind a proxy that cuts the path off or hands it on.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::auth::AuthMode;
use serde_json::Value;

use crate::support::app::{TestApp, grey_png, mask_png, multipart};
use crate::support::receiver::{Receiver, SECRET};

const ROOT: &str = "/tools/repair";

async fn below_root() -> TestApp {
    TestApp::with(|config| config.http.root_path = ROOT.parse().unwrap()).await
}

/// A request that becomes a job, sent to that path.
fn order(path: &str) -> Request<Body> {
    let parts: [(&str, &[u8]); 2] = [("image", &grey_png(16, 16, 1)), ("mask", &mask_png(16, 16))];
    let mut request = multipart(path, &parts);
    request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
    request
}

/// Every member called `links` of a document, wherever it is.
fn links(document: &Value) -> Vec<String> {
    match document {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("links", Value::Object(links)) => {
                    links.values().map(|link| link.as_str().unwrap().to_owned()).collect()
                }
                _ => links(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(links).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn requests_are_understood_with_the_path_and_without_it() {
    let app = below_root().await;
    for path in ["/livez", "/v1/engines", "/openapi.json", "/docs/", "/v2", "/problems/too-busy"] {
        let (cut, whole) = (app.get(path).await, app.get(&format!("{ROOT}{path}")).await);
        assert_eq!((cut.status, whole.status), (StatusCode::OK, StatusCode::OK), "{path}");
        assert_eq!(cut.body, whole.body, "{path}");
        let policy = "content-security-policy";
        assert_eq!(cut.header(policy), whole.header(policy), "{path}");
    }
    for path in ["/tools/repairs/livez", "/tools/livez", "/tools/repair/tools/repair/livez"] {
        assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let metrics = String::from_utf8(app.get("/metrics").await.body.to_vec()).unwrap();
    let counted = "cogd_http_requests_total{method=\"GET\",route=\"/livez\",status=\"200\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(!metrics.contains(ROOT), "{metrics}");
}

#[tokio::test]
async fn every_link_of_jobs_and_batches_begins_with_the_path_and_leads_to_them() {
    let app = below_root().await;
    let _working = app.work();
    for sent_to in ["/v1/inpaint", "/tools/repair/v1/inpaint"] {
        let accepted = app.call(order(sent_to)).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
        let here = accepted.header("location").to_owned();
        assert!(here.starts_with("/tools/repair/v1/jobs/"), "{here}");
        assert_eq!(accepted.json()["links"]["self"], here);
        // Ends with the job, and tells of it in every event.
        let events = app.get(&format!("{here}/events")).await;
        let text = String::from_utf8(events.body.to_vec()).unwrap();
        let last = text.lines().rfind(|line| line.starts_with("data:")).unwrap();
        let job: Value = serde_json::from_str(last.strip_prefix("data:").unwrap()).unwrap();
        assert_eq!(links(&job), [format!("{here}/events"), format!("{here}/result"), here.clone()]);
        for link in links(&job) {
            assert!(app.get(&link).await.status.is_success(), "{link}");
        }
    }
    let page = app.get("/v1/jobs?limit=1").await;
    let next = page.header("link").split(['<', '>']).nth(1).unwrap();
    assert!(next.starts_with("/tools/repair/v1/jobs?limit=1&after="), "{next}");
    for page in [page.json(), app.get(next).await.json()] {
        assert_eq!(links(&page).len(), 3, "{page}");
        assert!(links(&page).iter().all(|link| link.starts_with(ROOT)), "{page}");
    }
    let batch = app.call(order("/v1/batches")).await;
    assert_eq!(batch.status, StatusCode::ACCEPTED, "{batch:?}");
    assert!(batch.header("location").starts_with("/tools/repair/v1/batches/"));
    assert!(links(&batch.json()).iter().all(|link| link.starts_with(ROOT)), "{batch:?}");
    assert_eq!(app.get(batch.header("location")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_webhook_is_told_the_links_that_lead_to_its_job() {
    let app = TestApp::with(|config| {
        config.http.root_path = ROOT.parse().unwrap();
        config.webhooks.secret = Some(SECRET.parse().unwrap());
        config.webhooks.allow = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let _working = app.work();
    let mut receiver = Receiver::start(&[]).await;
    let url = receiver.url.clone();
    let (image, mask) = (grey_png(16, 16, 1), mask_png(16, 16));
    let parts: [(&str, &[u8]); 3] =
        [("image", &image), ("mask", &mask), ("webhook", url.as_bytes())];
    assert_eq!(app.call(multipart("/v1/inpaint", &parts)).await.status, StatusCode::ACCEPTED);
    let event: Value = serde_json::from_slice(&receiver.next().await.1).unwrap();
    for link in links(&event) {
        assert!(link.starts_with("/tools/repair/v1/jobs/"), "{event}");
        assert!(app.get(&link).await.status.is_success(), "{event}");
    }
    assert_eq!(links(&event).len(), 3, "{event}");
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_meaning_also_when_it_was_kept() {
    let app = below_root().await;
    let missing = app.get("/nowhere").await.json();
    assert_eq!(missing["type"], "/tools/repair/problems/not-found");
    let meaning = app.get(missing["type"].as_str().unwrap()).await.json();
    assert_eq!(meaning["type"], missing["type"]);
    // A mask that is cut off is found out when it is decoded, which is in the job.
    let (image, mut mask) = (grey_png(64, 64, 1), mask_png(64, 64));
    mask.truncate(mask.len() - 20);
    let _working = app.work();
    let mut request = multipart("/v1/inpaint", &[("image", &image), ("mask", &mask)]);
    request.headers_mut().insert("prefer", "respond-async, wait=60".parse().unwrap());
    let failed = app.call(request).await;
    assert_eq!(failed.json()["type"], "/tools/repair/problems/unreadable-image", "{failed:?}");
    let job = format!("/v1/jobs/{}", failed.header("x-job-id"));
    assert_eq!(app.get(&job).await.json()["error"]["type"], failed.json()["type"]);
    let result = app.get(&format!("{job}/result")).await;
    assert_eq!(result.json()["type"], failed.json()["type"]);
}

#[tokio::test]
async fn descriptions_name_the_path_and_their_page_finds_them() {
    let app = below_root().await;
    for address in ["/openapi.json", "/openapi/v2.json"] {
        assert_eq!(app.get(address).await.json()["servers"][0]["url"], ROOT, "{address}");
    }
    let moved = app.get("/docs").await;
    assert!(moved.status.is_redirection());
    assert_eq!(moved.header("location"), "/tools/repair/docs/");
    let script = app.get("/tools/repair/docs/swagger-initializer.js").await;
    let script = String::from_utf8(script.body.to_vec()).unwrap();
    assert!(script.contains("/tools/repair/openapi.json"), "{script}");
    assert!(TestApp::new().await.get("/openapi.json").await.json()["servers"].is_null());
}

#[tokio::test]
async fn a_key_is_asked_for_whichever_way_a_request_comes() {
    let app = TestApp::with(|config| {
        config.http.root_path = ROOT.parse().unwrap();
        config.auth.mode = AuthMode::Keys;
    })
    .await;
    for path in ["/v1/jobs", "/tools/repair/v1/jobs"] {
        assert_eq!(app.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/livez", "/tools/repair/livez"] {
        assert_eq!(app.get(path).await.status, StatusCode::OK, "{path}");
    }
}
