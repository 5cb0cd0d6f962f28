//! The blob store: one suite over every place that blobs can be kept in, and what each does when
//! something goes wrong.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use cogd::jobs::{BlobRef, JobId, Timestamp};
use cogd::storage::{BlobConfig, BlobStore, StorageError};
use url::Url;

fn in_folder(folder: &Path) -> BlobStore {
    BlobStore::open(&BlobConfig::default(), folder).unwrap()
}

fn in_memory() -> BlobStore {
    let config = BlobConfig { url: Some("memory:".parse().unwrap()), ..BlobConfig::default() };
    BlobStore::open(&config, Path::new("unused")).unwrap()
}

fn in_bucket(endpoint: &str, path: &str) -> BlobStore {
    let config = BlobConfig {
        url: Some(format!("s3://{path}").parse().unwrap()),
        s3_endpoint: Some(endpoint.parse().unwrap()),
        s3_access_key_id: Some("test".to_owned()),
        s3_secret_access_key: Some("test".parse().unwrap()),
        ..BlobConfig::default()
    };
    BlobStore::open(&config, Path::new("unused")).unwrap()
}

/// Everything that holds wherever blobs are kept.
async fn conforms(store: &BlobStore) {
    store.check().await.unwrap();
    let (job, other) = (JobId::generate(), JobId::generate());
    let large = (0..3_000_000_u32).map(|n| n.wrapping_mul(n).to_be_bytes()[2]).collect::<Bytes>();
    for bytes in [Bytes::new(), Bytes::from_static(b"a picture"), large] {
        let blob = store.put(job, "image", bytes.clone(), "image/png").await.unwrap();
        assert_eq!(blob.key, format!("jobs/{job}/image"));
        assert_eq!((blob.size, blob.role.as_str()), (bytes.len() as u64, "image"));
        assert_eq!(blob.media_type, "image/png");
        // The last one replaced those before it.
        assert_eq!(store.get(&blob).await.unwrap(), bytes);
    }
    let mask = store.put(job, "mask", Bytes::from_static(b"a mask"), "image/png").await.unwrap();
    // Computed with another program.
    let sum = "2133c39562b7867c3745f3c82f1f2ad8f3641f16478cba97f7648cbe6a36a3bd";
    assert_eq!(mask.sha256, sum);
    let kept = store.put(other, "image", Bytes::from_static(b"kept"), "image/png").await.unwrap();

    let another =
        |size: u64, sha256: &str| BlobRef { size, sha256: sha256.to_owned(), ..mask.clone() };
    for wrong in [another(7, &mask.sha256), another(6, &kept.sha256)] {
        let error = store.get(&wrong).await.unwrap_err();
        assert!(matches!(error, StorageError::Corrupt { .. }), "{error:?}");
    }

    let after = Timestamp(other.made().0 + 1);
    let mut jobs = store.jobs_before(after).await.unwrap();
    jobs.sort_unstable();
    assert_eq!(jobs, [job, other]);
    assert!(store.jobs_before(job.made()).await.unwrap().is_empty());

    store.delete([mask.key.clone(), format!("jobs/{job}/never-there")]).await.unwrap();
    let error = store.get(&mask).await.unwrap_err();
    assert!(matches!(error, StorageError::NotFound { .. }), "{error:?}");
    store.delete([mask.key.clone()]).await.unwrap();

    store.delete_job(job).await.unwrap();
    store.delete_job(job).await.unwrap();
    assert_eq!(store.jobs_before(after).await.unwrap(), [other]);
    assert_eq!(store.get(&kept).await.unwrap(), "kept");
    store.delete_job(other).await.unwrap();
    assert!(store.jobs_before(after).await.unwrap().is_empty());
}

#[tokio::test]
async fn memory_keeps_files() {
    conforms(&in_memory()).await;
}

#[tokio::test]
async fn a_folder_keeps_files() {
    let folder = tempfile::tempdir().unwrap();
    conforms(&in_folder(folder.path())).await;
}

#[tokio::test]
async fn a_bucket_keeps_files() {
    let Some(url) = std::env::var_os("TEST_S3_URL") else {
        eprintln!("SKIPPED: TEST_S3_URL names no S3 service; scripts/test-s3 starts one");
        return;
    };
    let store = in_bucket(url.to_str().unwrap(), &format!("bkt/{}", JobId::generate()));
    conforms(&store).await;
    // Who forgot to make a bucket is told so, whatever is asked of it.
    let nowhere = in_bucket(url.to_str().unwrap(), "nowhere/at-all");
    let put = nowhere.put(JobId::generate(), "image", Bytes::from_static(b"x"), "image/png").await;
    assert!(matches!(put, Err(StorageError::Unavailable { .. })), "{put:?}");
    let (job, bytes) = (JobId::generate(), Bytes::from_static(b"x"));
    let blob = store.put(job, "image", bytes, "image/png").await.unwrap();
    let got = nowhere.get(&blob).await;
    assert!(matches!(got, Err(StorageError::Unavailable { .. })), "{got:?}");
}

#[tokio::test]
async fn files_in_a_folder_are_there_after_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let job = JobId::generate();
    let store = in_folder(folder.path());
    let blob = store.put(job, "image", Bytes::from_static(b"x"), "image/png").await.unwrap();
    drop(store);
    assert_eq!(in_folder(folder.path()).get(&blob).await.unwrap(), "x");
}

#[tokio::test]
async fn a_file_that_was_changed_on_the_disk_is_told_from_the_one_that_was_put() {
    let folder = tempfile::tempdir().unwrap();
    let store = in_folder(folder.path());
    let put = store.put(JobId::generate(), "image", Bytes::from_static(b"abc"), "image/png");
    let blob = put.await.unwrap();
    let path = folder.path().join("blobs").join(&blob.key);
    for changed in ["abd", "abcd", ""] {
        std::fs::write(&path, changed).unwrap();
        let error = store.get(&blob).await.unwrap_err();
        assert!(matches!(error, StorageError::Corrupt { .. }), "{changed:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_key_cannot_lead_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "x").unwrap();
    let store = in_folder(folder.path());
    let put = store.put(JobId::generate(), "image", Bytes::from_static(b"x"), "image/png");
    let blob = put.await.unwrap();
    for key in ["../secret", "jobs/../../secret", "/etc/hostname"] {
        let error = store.get(&BlobRef { key: key.to_owned(), ..blob.clone() }).await.unwrap_err();
        let is_refused =
            matches!(error, StorageError::Corrupt { .. } | StorageError::NotFound { .. });
        assert!(is_refused, "{key}: {error:?}");
        assert!(
            store.delete([key.to_owned()]).await.is_err() || folder.path().join("secret").exists()
        );
    }
    assert!(folder.path().join("secret").exists());
}

#[tokio::test]
async fn what_a_killed_process_left_half_written_is_removed_once_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let store = in_folder(folder.path());
    let job = JobId::generate();
    let whole = store.put(job, "image", Bytes::from_static(b"x"), "image/png").await.unwrap();
    let below = folder.path().join("blobs/jobs").join(job.to_string());
    let half = below.join("mask#1");
    std::fs::write(&half, "half a ma").unwrap();

    assert_eq!(store.remove_half_written(Timestamp(0)).await.unwrap(), 0);
    assert!(half.exists());
    // The library numbers its attempts, so what is left does not stand in the way.
    let mask = store.put(job, "mask", Bytes::from_static(b"y"), "image/png").await.unwrap();
    let later = Timestamp(i64::MAX / 2);
    assert_eq!(store.remove_half_written(later).await.unwrap(), 1);
    assert!(!half.exists());
    assert_eq!(store.get(&mask).await.unwrap(), "y");
    assert_eq!(store.get(&whole).await.unwrap(), "x");

    std::fs::write(&half, "half a ma").unwrap();
    store.delete_job(job).await.unwrap();
    assert!(!below.exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_reported_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let url = Some(format!("file:{}", file.display()).parse().unwrap());
    let error = BlobStore::open(&BlobConfig { url, ..BlobConfig::default() }, folder.path());
    assert!(error.unwrap_err().to_string().contains("storage.blobs_url"));
}

#[tokio::test]
async fn a_folder_that_went_away_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let store = in_folder(folder.path());
    store.check().await.unwrap();
    std::fs::remove_dir_all(folder.path().join("blobs")).unwrap();
    let error = store.check().await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_folder_without_any_files_has_not_lost_one() {
    let folder = tempfile::tempdir().unwrap();
    let (store, jobs) = (in_folder(folder.path()), folder.path().join("blobs/jobs"));
    let put = store.put(JobId::generate(), "image", Bytes::from_static(b"x"), "image/png");
    let blob = put.await.unwrap();
    std::fs::rename(&jobs, folder.path().join("elsewhere")).unwrap();
    let error = store.get(&blob).await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable { .. }), "{error:?}");
    std::fs::rename(folder.path().join("elsewhere"), &jobs).unwrap();
    assert_eq!(store.get(&blob).await.unwrap(), "x");
}

/// A service that speaks enough S3 for one file, and can be told to fail.
struct Faulty {
    url: String,
    is_broken: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
}

impl Faulty {
    async fn start() -> Self {
        let (is_broken, requests) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (broken, counted) = (Arc::clone(&is_broken), Arc::clone(&requests));
        let answer = move |request: Request| {
            let counted: &AtomicUsize = &counted;
            counted.fetch_add(1, Ordering::Relaxed);
            let answer = match *request.method() {
                _ if broken.load(Ordering::Relaxed) => {
                    StatusCode::SERVICE_UNAVAILABLE.into_response()
                }
                Method::GET => {
                    let modified = ("last-modified", "Wed, 21 Oct 2026 07:28:00 GMT");
                    ([modified, ("etag", "\"1\"")], "a picture").into_response()
                }
                _ => [("etag", "\"1\"")].into_response(),
            };
            async { answer }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, is_broken, requests }
    }
}

#[tokio::test]
async fn a_bucket_that_fails_for_a_while_is_unavailable_and_then_works_again() {
    let service = Faulty::start().await;
    let store = in_bucket(&service.url, "bkt/");
    let put = || store.put(JobId::generate(), "image", "a picture".into(), "image/png");
    let blob = put().await.unwrap();
    assert_eq!(store.get(&blob).await.unwrap(), "a picture");

    service.is_broken.store(true, Ordering::Relaxed);
    let before = service.requests.load(Ordering::Relaxed);
    for error in [put().await.map(drop).unwrap_err(), store.check().await.unwrap_err()] {
        assert!(matches!(error, StorageError::Unavailable { .. }), "{error:?}");
    }
    assert!(service.requests.load(Ordering::Relaxed) > before + 2, "it was asked again");

    service.is_broken.store(false, Ordering::Relaxed);
    let blob = put().await.unwrap();
    assert_eq!(store.get(&blob).await.unwrap(), "a picture");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_never_answers_is_unavailable_after_some_seconds() {
    // Accepts connections and says nothing.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let store = in_bucket(Url::parse(&format!("http://{address}")).unwrap().as_str(), "bkt/");
    let began = tokio::time::Instant::now();
    let put = store.put(JobId::generate(), "image", Bytes::from_static(b"x"), "image/png").await;
    let error = put.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable { .. }), "{error:?}");
    assert!(began.elapsed() < std::time::Duration::from_secs(20));
    drop(listener);
}
