//! What operators, browsers and machines get from the service.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::app::TestApp;

const ALLOWED: &str = "access-control-allow-origin";

#[tokio::test]
async fn health_version_and_engines_answer_json() {
    let app = TestApp::new().await;
    for path in ["/livez", "/readyz", "/version", "/v1/engines", "/openapi.json"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.json().is_object(), "{path}");
    }
    assert_eq!(app.get("/version").await.json()["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_not_by_path() {
    let app = TestApp::new().await;
    app.get("/problems/too-busy").await;
    app.get("/a/path/nobody/made").await;
    app.call(Request::builder().method("BREW").uri("/livez").body(Body::empty()).unwrap()).await;
    let answer = app.get("/metrics").await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for count in [
        "route=\"/problems/{code}\",status=\"200\"} 1",
        "route=\"unmatched\",status=\"404\"} 1",
        "route=\"/livez\",status=\"405\"} 1",
        "cogd_jobs_running 0",
    ] {
        assert!(text.contains(count), "{count} is not in\n{text}");
    }
    assert!(!text.contains("nobody"));
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_any_other_replaced() {
    let app = TestApp::new().await;
    let call = |id: &'static str| {
        app.call(Request::get("/livez").header("x-request-id", id).body(Body::empty()).unwrap())
    };
    assert_eq!(call("order-66.a:b_c").await.header("x-request-id"), "order-66.a:b_c");
    for bad in ["", "two words", "a\"b", "<script>"] {
        let answer = call(bad).await;
        assert_ne!(answer.header("x-request-id"), bad);
        assert_eq!(answer.header("x-request-id").len(), 36);
    }
}

#[tokio::test]
async fn the_documentation_is_served_without_anything_from_elsewhere() {
    let app = TestApp::new().await;
    let page = app.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(!text.contains("https://"), "{text}");
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(app.get("/docs/swagger-ui-bundle.js").await.status, StatusCode::OK);
}

#[tokio::test]
async fn answers_carry_headers_that_bind_browsers() {
    let answer = TestApp::new().await.get("/livez").await;
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
}

#[tokio::test]
async fn other_origins_are_let_in_only_if_the_settings_name_them() {
    let call = async |app: &TestApp, origin: &'static str| {
        let request = Request::get("/livez").header("origin", origin);
        app.call(request.body(Body::empty()).unwrap()).await
    };
    let closed = TestApp::new().await;
    assert_eq!(call(&closed, "https://a.example").await.header(ALLOWED), "");
    let open = TestApp::with(|config| {
        config.http.cors_origins = vec!["https://a.example".parse().unwrap()];
    })
    .await;
    let answer = call(&open, "https://a.example").await;
    assert_eq!(answer.header(ALLOWED), "https://a.example");
    assert!(answer.header("access-control-expose-headers").contains("x-mask-coverage"));
    assert_eq!(call(&open, "https://b.example").await.header(ALLOWED), "");
}
