//! `/readyz` says which part of the storage does not answer.

use axum::http::StatusCode;

use super::{in_time, is_refused};
use crate::support::app::TestApp;

#[tokio::test]
async fn a_service_whose_storage_is_away_is_alive_and_not_ready() {
    let app = TestApp::new().await;
    let ready = async || in_time(app.get("/readyz")).await;
    assert_eq!(ready().await.status, StatusCode::OK);
    let blobs = app.folder().join("data/blobs");
    std::fs::rename(&blobs, app.folder().join("away")).unwrap();
    is_refused(&ready().await);
    assert_eq!(ready().await.json()["detail"], "no answer from: blobs");
    std::fs::rename(app.folder().join("away"), &blobs).unwrap();
    assert_eq!(ready().await.status, StatusCode::OK);
    app.app.workshop().database.close().await;
    is_refused(&ready().await);
    assert_eq!(ready().await.json()["detail"], "no answer from: database");
    std::fs::remove_dir_all(&blobs).unwrap();
    assert_eq!(ready().await.json()["detail"], "no answer from: database, blobs");
    assert_eq!(app.get("/livez").await.status, StatusCode::OK);
}
