//! No secret is ever logged, wherever it stands and whatever goes wrong.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use serde_json::Value;

use crate::support::app::{grey_png, mask_png, multipart_body};
use crate::support::process::cogd;
use crate::support::receiver::Receiver;

/// What every secret of these tests has in it; no log has a reason to say it.
const MARK: &str = "hunter2";
/// The same, as the secret that webhooks are signed with.
const SIGNING: &str = "aHVudGVyMi1odW50ZXIyLWh1bnRlcjItaHVudGVyMg==";

/// A program whose output is kept, all of it.
struct Talker {
    child: Child,
    greeting: String,
    said: Vec<JoinHandle<String>>,
}

impl Talker {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        // Read all the time, or the program would wait for room in the pipe.
        let log = spawn(move || {
            let mut log = String::new();
            errors.read_to_string(&mut log).unwrap();
            log
        });
        let (mut output, mut greeting) =
            (BufReader::new(child.stdout.take().unwrap()), String::new());
        output.read_line(&mut greeting).unwrap();
        let rest = spawn(move || {
            let mut rest = String::new();
            output.read_to_string(&mut rest).unwrap();
            rest
        });
        Self { child, greeting, said: vec![log, rest] }
    }

    fn address(&self) -> &str {
        self.greeting.trim().strip_prefix("cogd is listening on http://").expect("a server")
    }

    /// Asks it to stop, and gives all that it said.
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        self.said.into_iter().map(|said| said.join().unwrap()).collect()
    }
}

fn assert_silent(log: &str) {
    let told = log.lines().find(|line| line.contains(MARK));
    assert!(told.is_none(), "a secret was told: {}", told.unwrap_or_default());
}

/// Sends a request whose head is written here, and gives the status of the answer.
fn send(address: &str, head: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let length = body.len();
    write!(stream, "{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
        .unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap().parse().unwrap()
}

fn key(folder: &Path) -> String {
    let made = cogd(&["keys", "create", "camera", "--scope", "admin,restore", "--json"])
        .arg("--data-dir")
        .arg(folder)
        .output()
        .unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    made["key"].as_str().unwrap().to_owned()
}

/// A job that is told to `hook`, with everything secret that a request can hold.
fn order(address: &str, key: &str, hook: &str) -> u16 {
    let (image, mask) = (grey_png(24, 24, 1), mask_png(24, 24));
    let parts: [(&str, &[u8]); 3] =
        [("image", &image), ("mask", &mask), ("webhook", hook.as_bytes())];
    let (content_type, body) = multipart_body(&parts);
    let head = format!(
        "POST /v1/inpaint?token={MARK} HTTP/1.1\r\nContent-Type: {content_type}\r\n\
         X-API-Key: {key}\r\nCookie: session={MARK}\r\nProxy-Authorization: Basic {MARK}\r\n\
         Idempotency-Key: {MARK}\r\nX-Anything: {MARK}"
    );
    send(address, &head, &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_request_or_a_setting_hides_is_logged() {
    for format in ["human", "json"] {
        let folder = tempfile::tempdir().unwrap();
        let key = key(folder.path());
        let secret_of_key = key.rsplit('_').next().unwrap().to_owned();
        // The first event fails, so that its failure is logged as well.
        let mut receiver = Receiver::start(&[500, 200]).await;
        let hook = format!("{}/{MARK}?token={MARK}", receiver.url);
        let mut command = cogd(&["serve", "--bind", "127.0.0.1:0", "--auth-mode", "keys"]);
        command.args(["--webhooks-allow", "127.0.0.0/8", "--log-format", format]);
        command.args(["--log-filter", "debug", "--data-dir"]).arg(folder.path());
        command.env("COGD_WEBHOOKS_SECRET", format!("whsec_{SIGNING}"));
        command.env("COGD_STORAGE_S3_SECRET_ACCESS_KEY", MARK);
        command.env("COGD_STORAGE_S3_ACCESS_KEY_ID", "id");
        command.env("COGD_TRACE_HEADERS", format!("authorization=Bearer {MARK}"));
        let server = Talker::start(&mut command);
        let address = server.address().to_owned();

        assert_eq!(order(&address, &key, &hook), 202);
        receiver.next().await;
        receiver.next().await;
        for (head, status) in [
            (format!("GET /v1/jobs?limit={MARK} HTTP/1.1\r\nAuthorization: Bearer {key}"), 422),
            (format!("GET /v1/jobs/{MARK} HTTP/1.1\r\nAuthorization: Bearer {key}"), 404),
            (format!("GET /{MARK} HTTP/1.1\r\nAuthorization: Bearer {key}"), 404),
            (format!("GET /v1/jobs HTTP/1.1\r\nAuthorization: Bearer {key}{MARK}"), 401),
            (format!("GET /v1/jobs HTTP/1.1\r\nAuthorization: Basic {MARK}"), 401),
            (format!("GET /v1/jobs HTTP/1.1\r\nX-API-Key: cogd_{MARK}"), 401),
            (format!("{MARK} /v1/jobs HTTP/1.1\r\nX-API-Key: {key}"), 405),
            (
                format!(
                    "POST /v1/inpaint HTTP/1.1\r\nContent-Type: text/{MARK}\r\nX-API-Key: {key}"
                ),
                415,
            ),
        ] {
            let found = send(&address, &head, b"");
            assert_eq!(found, status, "{head}");
        }
        let body = format!("{{\"image\": \"{MARK}\", \"{MARK}\": 1, \"engine\": \"{MARK}\"}}");
        let head = format!(
            "POST /v1/inpaint HTTP/1.1\r\nContent-Type: application/json\r\nX-API-Key: {key}"
        );
        assert_eq!(send(&address, &head, body.as_bytes()), 422);

        let log = server.stop();
        let id = key.split('_').nth(1).unwrap();
        assert!(log.contains("/v1/jobs") && log.contains(id), "requests are logged: {log}");
        assert!(log.contains("cogd::jobs"), "jobs are logged: {log}");
        assert_silent(&log);
        assert!(!log.contains(&secret_of_key), "{log}");
        assert!(!log.contains(SIGNING), "{log}");
    }
}

#[test]
fn what_cannot_be_reached_is_named_without_its_password() {
    // Where nobody listens, found by listening there for a moment.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let database = format!("postgres://cogd:{MARK}@{nobody}/cogd?application_name={MARK}");
    let queue = format!("nats://{MARK}@{nobody}");
    for (name, url) in [("--storage-database-url", &database), ("--storage-queue-url", &queue)] {
        let folder = tempfile::tempdir().unwrap();
        let failed = cogd(&["serve", "--bind", "127.0.0.1:0", "--log-filter", "debug"])
            .args(["--storage-timeout", "1s", name, url, "--data-dir"])
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(!failed.status.success(), "{name}");
        let said = [failed.stdout, failed.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(!said.is_empty());
        assert_silent(&said);
    }
}

#[test]
fn a_bucket_that_refuses_is_named_without_its_secret() {
    let bucket = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", bucket.local_addr().unwrap());
    spawn(move || {
        for stream in bucket.incoming() {
            let mut stream = stream.unwrap();
            // The head is enough to refuse; who hangs up first hears nothing, and that is fine.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = cogd(&["serve", "--bind", "127.0.0.1:0", "--log-filter", "debug"]);
    command.args(["--storage-blobs-url", "s3://pictures/cogd", "--storage-s3-endpoint", &endpoint]);
    command.args(["--storage-s3-access-key-id", "id", "--data-dir"]).arg(folder.path());
    command.env("COGD_STORAGE_S3_SECRET_ACCESS_KEY", MARK);
    command.env("COGD_WEBHOOKS_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let server = Talker::start(&mut command);
    let refused = order(server.address(), "", &format!("https://example.org/{MARK}"));
    assert_eq!(refused, 503);
    let log = server.stop();
    assert!(log.contains("/v1/inpaint"), "{log}");
    assert_silent(&log);
}
