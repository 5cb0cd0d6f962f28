//! The program as a process of its own, and plain requests to it.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::app::multipart_body;
use super::world::World;

/// The program, not yet started.
pub(crate) fn cogd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cogd"));
    command.args(arguments).env_remove("COGD_CONFIG");
    command
}

/// A running program; killed at the latest when it goes.
pub(crate) struct Process {
    pub(crate) child: Child,
    /// The first line it said.
    pub(crate) greeting: String,
}

impl Process {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        assert!(!greeting.is_empty(), "it did not start");
        Self { child, greeting: greeting.trim().to_owned() }
    }

    /// The address that a server listens on.
    pub(crate) fn address(&self) -> String {
        let address = self.greeting.strip_prefix("cogd is listening on http://");
        address.unwrap_or_else(|| panic!("no server: {:?}", self.greeting)).to_owned()
    }

    /// Asks it to stop, and waits until it has.
    #[cfg(feature = "otlp")]
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    /// Ends it at once and without a warning, wherever it is.
    pub(crate) fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl World {
    /// A command of a process in this world: its storage and quick leases.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = cogd(&[name, "--log-filter", "off", "--data-dir"]);
        command.arg(self.folder());
        if let Some(url) = &self.storage.database_url {
            command.args(["--storage-database-url", url.expose()]);
        }
        if let Some(url) = &self.config.url {
            command.args(["--storage-queue-url", url.expose()]);
        }
        command.args(["--storage-connections", "4", "--worker-compute-threads", "1"]);
        command.args(["--jobs-lease", "2s", "--jobs-heartbeat", "0.2s", "--jobs-poll", "0.5s"]);
        command
    }
}

/// What a server said, if it came to its end.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Said {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The bytes of a request with a multipart body of these parts.
pub(crate) fn upload(path: &str, headers: &[(&str, &str)], parts: &[(&str, &[u8])]) -> Vec<u8> {
    let (content_type, body) = multipart_body(parts);
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    [request.as_bytes(), b"\r\n", &body].concat()
}

/// The bytes of a request without a body.
pub(crate) fn plain(method: &str, path: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into_bytes()
}

/// Sends a request; nothing if nobody answers it to the end.
pub(crate) fn exchange(address: &str, request: &[u8]) -> Option<Said> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1)?.parse().unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
    });
    let body = answer.split_off(end + 4);
    length.is_none_or(|length| length == body.len()).then_some(Said { status, body })
}
