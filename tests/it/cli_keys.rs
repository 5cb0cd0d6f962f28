//! `cogd keys`, and that no secret leaves the program but where it is asked for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

fn keys(data_dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cogd"));
    command.arg("keys").args(arguments).arg("--data-dir").arg(data_dir);
    command.env_remove("COGD_CONFIG").output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[test]
fn a_key_is_shown_once_listed_without_its_secret_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let made = keys(folder.path(), &["create", "camera", "--scope", "restore,learn"]);
    assert!(made.status.success(), "{made:?}");
    let key = text(&made.stdout).trim().to_owned();
    assert!(key.starts_with("cogd_"), "{key}");
    let secret = key.rsplit('_').next().unwrap().to_owned();

    let twice = keys(folder.path(), &["create", "camera", "--scope", "restore"]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(text(&twice.stderr).contains("camera"));

    let listed = keys(folder.path(), &["list"]);
    assert!(text(&listed.stdout).contains("camera") && !text(&listed.stdout).contains(&secret));
    let listed = keys(folder.path(), &["list", "--json"]);
    let list: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(list[0]["scopes"], serde_json::json!(["restore", "learn"]));
    assert!(!text(&listed.stdout).contains(&secret));

    assert!(keys(folder.path(), &["revoke", "camera"]).status.success());
    assert_eq!(keys(folder.path(), &["revoke", "camera"]).status.code(), Some(1));
    let listed = keys(folder.path(), &["list", "--json"]);
    let list: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(list[0]["revoked"].is_string());

    let made = keys(folder.path(), &["create", "camera", "--scope", "admin", "--json"]);
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert!(made["key"].as_str().unwrap().contains(made["id"].as_str().unwrap()));
}

#[test]
fn a_scope_that_is_none_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["create", "a", "--scope", "root"][..], &["create", "a"]] {
        assert_eq!(keys(folder.path(), arguments).status.code(), Some(2));
    }
    let unnamed = keys(folder.path(), &["create", "", "--scope", "admin"]);
    assert_eq!(unnamed.status.code(), Some(1));
}

#[test]
fn no_secret_is_printed_or_logged() {
    let folder = tempfile::tempdir().unwrap();
    let made = keys(folder.path(), &["create", "camera", "--scope", "restore"]);
    let key = text(&made.stdout).trim().to_owned();
    let secrets = [
        key.rsplit('_').next().unwrap(),
        "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0",
        "s3-secret-of-somebody",
    ];
    let webhook = format!("whsec_{}", secrets[1]);
    let command = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cogd"));
        command.args([name, "--bind", "127.0.0.1:0", "--auth-mode", "keys", "--data-dir"]);
        command.arg(folder.path()).env_remove("COGD_CONFIG").env("COGD_WEBHOOKS_SECRET", &webhook);
        command
            .env("COGD_STORAGE_S3_SECRET_ACCESS_KEY", secrets[2])
            .env("COGD_LOG_FILTER", "trace");
        command
    };
    let shown = command("config").output().unwrap();
    assert!(shown.status.success());
    assert!(text(&shown.stdout).contains("[redacted]"));
    for secret in secrets {
        assert!(!text(&shown.stdout).contains(secret), "{secret} is shown");
    }

    let mut server = command("serve");
    let mut server = server.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = server.stderr.take().unwrap();
    // Read all the time, or the server would wait for room in the pipe.
    let log = std::thread::spawn(move || {
        let mut log = String::new();
        errors.read_to_string(&mut log).unwrap();
        log
    });
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("cogd is listening on http://").unwrap();
    for (header, status) in [
        (format!("Authorization: Bearer {key}"), "200"),
        (format!("X-API-Key: {key}"), "200"),
        (format!("X-API-Key: {}", key.replace("cogd_", "cogd_0")), "401"),
        (format!("Authorization: Basic {key}"), "401"),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        write!(
            stream,
            "GET /v1/engines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(!answer.contains(secrets[0]), "{answer}");
    }
    let id = server.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(server.wait().unwrap().success());
    let log = log.join().unwrap();
    assert!(log.contains("/v1/engines"), "the requests are in the log");
    let id = key.split('_').nth(1).unwrap();
    assert!(log.contains(id), "the log says which key it was");
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
