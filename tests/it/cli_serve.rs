//! The program as a user runs it: real process, real socket, real signal.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::app::{grey_png, mask_png, multipart_body, png};
use crate::support::process::{Process, cogd};

fn output(arguments: &[&str]) -> Output {
    cogd(arguments).output().unwrap()
}

/// A served folder.
struct Server {
    process: Process,
    address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let mut command = cogd(&["serve", "--bind", "127.0.0.1:0", "--data-dir"]);
        command.arg(&data_dir).args(flags).stderr(Stdio::null());
        let process = Process::start(&mut command);
        let address = process.address();
        assert!(data_dir.is_dir());
        Self { process, address, _folder: folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream
    }

    fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends an image to be repaired and leaves the connection open.
    fn post_image(&self, side: u32) -> TcpStream {
        let (image, mask) = (grey_png(side, side, 0), mask_png(side, side));
        let (content_type, body) =
            multipart_body(&[("image", &image), ("mask", &mask), ("mask_dilate", b"200")]);
        let mut stream = self.connect();
        write!(
            stream,
            "POST /v1/inpaint HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(&body).unwrap();
        stream
    }

    fn wait_for_metric(&self, line: &str) {
        let began = Instant::now();
        while !self.get("/metrics").contains(line) {
            assert!(began.elapsed() < Duration::from_mins(1), "{line} never came");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn signal(&self, name: &str) {
        let id = self.process.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn large_blocks_of_memory_go_back_to_the_system_unless_somebody_decided_otherwise() {
    let environment = |process: &Process| {
        let bytes = std::fs::read(format!("/proc/{}/environ", process.child.id())).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let mut values = text.split('\0').map(str::to_owned);
        values.find(|value| value.starts_with("MALLOC_MMAP_THRESHOLD_="))
    };
    let server = Server::start(&[]);
    let set = environment(&server.process);
    assert_eq!(set.as_deref(), Some("MALLOC_MMAP_THRESHOLD_=1048576"));
    let folder = tempfile::tempdir().unwrap();
    let mut command = cogd(&["worker", "--data-dir"]);
    command.arg(folder.path()).env("MALLOC_MMAP_THRESHOLD_", "65536").stderr(Stdio::null());
    let set = environment(&Process::start(&mut command));
    assert_eq!(set.as_deref(), Some("MALLOC_MMAP_THRESHOLD_=65536"));
}

#[test]
fn a_signal_finishes_the_work_at_hand_and_ends_with_success() {
    for signal in ["-TERM", "-INT"] {
        let mut server = Server::start(&[]);
        let mut open = server.post_image(400);
        server.wait_for_metric("cogd_jobs_running 1");
        server.signal(signal);
        let mut answer = Vec::new();
        open.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{signal}");
        assert!(server.process.child.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn a_client_that_goes_away_cancels_its_work() {
    let server = Server::start(&[]);
    let open = server.post_image(400);
    server.wait_for_metric("cogd_jobs_running 1");
    drop(open);
    server.wait_for_metric("cogd_jobs_total{outcome=\"cancelled\"} 1");
    server.wait_for_metric("cogd_jobs_running 0");
}

#[test]
fn a_client_that_sends_its_header_too_slowly_is_cut_off() {
    let server = Server::start(&["--http-header-timeout", "100ms"]);
    let mut stream = server.connect();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost:").unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    assert!(server.get("/livez").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_client_that_never_reads_its_answer_is_cut_off() {
    let server = Server::start(&["--http-write-timeout", "200ms"]);
    // Too much for the buffers on the way. Nothing is hidden, so it comes back as it was sent.
    let (side, mask) = (2400_u32, png(2400, 2400, |_, _| 0));
    let mut image = b"BM".to_vec();
    for word in [54 + side * side * 3, 0, 54, 40, side, side] {
        image.extend(word.to_le_bytes());
    }
    image.extend([1, 0, 24, 0]);
    image.resize(54, 0);
    image.resize(54 + (side * side * 3) as usize, 7);
    let (content_type, body) = multipart_body(&[("image", &image), ("mask", &mask)]);
    let mut stream = server.connect();
    write!(
        stream,
        "POST /v1/inpaint HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    stream.write_all(&body).unwrap();
    server.wait_for_metric("route=\"/v1/inpaint\",status=\"200\"} 1");
    // Only the one that asks is left.
    server.wait_for_metric("cogd_http_connections 1\n");
    let mut rest = Vec::new();
    let read = stream.read_to_end(&mut rest);
    assert!(read.is_err() || rest.len() < image.len(), "{} bytes were read", rest.len());
}

#[test]
fn the_health_check_follows_the_server() {
    let server = Server::start(&[]);
    let check = || output(&["healthcheck", "--bind", &server.address]).status;
    assert!(check().success());
    drop(server.connect());
    let address = server.address.clone();
    drop(server);
    assert_eq!(output(&["healthcheck", "--bind", &address]).status.code(), Some(1));
}

#[test]
fn wrong_settings_stop_the_start_and_are_all_reported() {
    let failed = cogd(&["serve", "--bind", "nowhere", "--worker-queue-length", "-1"])
        .env("COGD_LOG_FORMAT", "xml")
        .output()
        .unwrap();
    assert_eq!(failed.status.code(), Some(2));
    let report = String::from_utf8(failed.stderr).unwrap();
    for part in ["flag --bind", "flag --worker-queue-length", "environment COGD_LOG_FORMAT"] {
        assert!(report.contains(part), "{part} is not in {report}");
    }
}

#[test]
fn the_settings_in_force_are_printed_with_their_source() {
    let shown =
        cogd(&["config", "--bind", "127.0.0.1:9"]).env("COGD_LOG_FORMAT", "json").output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("bind").contains("127.0.0.1:9") && line("bind").ends_with("# flag --bind"));
    assert!(line("log.format").ends_with("# environment COGD_LOG_FORMAT"));
    assert!(line("data_dir").ends_with("# default"));
}

#[test]
fn a_stale_description_is_told_from_a_fresh_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("v1.json");
    let check = || output(&["openapi", "--check", file.to_str().unwrap()]).status;
    std::fs::write(&file, output(&["openapi"]).stdout).unwrap();
    assert!(check().success());
    std::fs::write(&file, "{}").unwrap();
    assert_eq!(check().code(), Some(1));
}
