//! Settings from all their sources.

use std::collections::BTreeSet;

use super::{Config, ConfigErrors, Effective, Fault, Inputs, Setting, Source, example_file, load};

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn flag(name: &str, value: &str) -> (&'static Setting, String) {
    (Setting::find(name).unwrap(), value.to_owned())
}

fn load_file(text: &str) -> Result<Effective, ConfigErrors> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cogd.toml");
    std::fs::write(&file, text).unwrap();
    load(&Inputs { file: Some(file), ..Inputs::default() })
}

#[test]
fn a_flag_wins_over_the_environment_which_wins_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cogd.toml");
    std::fs::write(&file, "[worker]\nqueue_length = 1\nthreads = 1\ndeadline = \"1s\"").unwrap();
    let inputs = Inputs {
        file: Some(file.clone()),
        environment: environment(&[("COGD_WORKER_THREADS", "2"), ("COGD_WORKER_DEADLINE", "2s")]),
        flags: vec![flag("worker.deadline", "3s")],
        ..Inputs::default()
    };
    let effective = load(&inputs).unwrap();
    for (name, value, source) in [
        ("worker.queue_length", "1", Source::File(file)),
        ("worker.threads", "2", Source::Environment),
        ("worker.deadline", "3s", Source::Flag),
        ("bind", "127.0.0.1:8080", Source::Default),
    ] {
        let setting = Setting::find(name).unwrap();
        assert_eq!(setting.show(&effective.config), value);
        assert_eq!(effective.source(setting), source);
    }
}

#[test]
fn all_faults_are_reported_together_with_source_value_and_limit() {
    let inputs = Inputs {
        environment: environment(&[
            ("COGD_WORKER_QUEUE_LENGTH", "-3"),
            ("COGD_WORKER_QUEU_LENGTH", "3"),
            ("HOME", "elsewhere"),
        ]),
        flags: vec![flag("bind", "everywhere"), flag("http.max_body_bytes", "1MiB")],
        ..Inputs::default()
    };
    let report = load(&inputs).unwrap_err().to_string();
    for part in [
        "worker.queue_length = \"-3\" (environment COGD_WORKER_QUEUE_LENGTH): \
         expected a whole number from 0 to 1000000",
        "COGD_WORKER_QUEU_LENGTH (environment): no such setting; \
         did you mean COGD_WORKER_QUEUE_LENGTH?",
        "bind = \"everywhere\" (flag --bind): expected an address and a port",
        "http.max_body_bytes = 1MiB but image.max_bytes = 64MiB",
    ] {
        assert!(report.contains(part), "{part:?} is not in\n{report}");
    }
    assert_eq!(report.lines().count(), 5, "{report}");
}

#[test]
fn a_secret_is_read_from_its_file_and_never_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("database_url");
    std::fs::write(&file, "postgres://cogd:hunter2@db/cogd\n").unwrap();
    let named = |variable: &str, path: &std::path::Path| Inputs {
        environment: environment(&[(variable, path.to_str().unwrap())]),
        ..Inputs::default()
    };
    let effective = load(&named("COGD_STORAGE_DATABASE_URL_FILE", &file)).unwrap();
    let url = effective.config.storage.database_url.as_ref().unwrap();
    assert_eq!(url.expose(), "postgres://cogd:hunter2@db/cogd");
    let setting = Setting::find("storage.database_url").unwrap();
    assert_eq!(setting.show(&effective.config), "postgres://cogd:***@db/cogd");
    assert!(!format!("{effective:?}").contains("hunter2"));

    std::fs::write(&file, "hunter2").unwrap();
    let report = load(&named("COGD_STORAGE_DATABASE_URL_FILE", &file)).unwrap_err().to_string();
    assert!(report.contains("expected sqlite:PATH") && !report.contains("hunter2"), "{report}");
    let missing = load(&named("COGD_STORAGE_QUEUE_URL_FILE", &folder.path().join("none")));
    assert!(matches!(missing.unwrap_err().0[..], [Fault::File { .. }]));
    // What is no secret is not read from files.
    let other = load(&named("COGD_BIND_FILE", &file));
    assert!(matches!(other.unwrap_err().0[..], [Fault::Unknown { .. }]));
}

#[test]
fn an_unknown_key_of_the_file_is_a_fault_with_a_suggestion() {
    let faults = load_file("[http]\nmax_body_byte = 1").unwrap_err().0;
    assert!(
        matches!(&faults[..], [Fault::Unknown { name, suggestion: Some(suggestion), .. }]
            if name == "http.max_body_byte" && suggestion == "http.max_body_bytes"),
        "{faults:?}"
    );
    assert!(matches!(load_file("not toml").unwrap_err().0[..], [Fault::File { .. }]));
    assert!(matches!(load_file("[a.b]\nc = 1").unwrap_err().0[..], [Fault::Unknown { .. }]));
}

#[test]
fn a_missing_file_is_a_fault() {
    let inputs = Inputs {
        environment: environment(&[("COGD_CONFIG", "/nowhere/cogd.toml")]),
        ..Inputs::default()
    };
    assert!(matches!(load(&inputs).unwrap_err().0[..], [Fault::File { .. }]));
}

#[test]
fn the_example_with_every_comment_removed_gives_the_defaults() {
    let assignments = example_file()
        .lines()
        .filter_map(|line| {
            let line = line.strip_prefix("# ").unwrap_or(line);
            (line.contains(" = ") || line.starts_with('[')).then(|| format!("{line}\n"))
        })
        .collect::<String>();
    assert_eq!(assignments.matches(" = ").count(), Setting::all().count());
    assert_eq!(load_file(&assignments).unwrap().config, Config::default());
}

#[test]
fn every_setting_reads_back_what_it_shows_under_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for setting in Setting::all() {
        let shown = setting.show(&Config::default());
        let inputs = Inputs { flags: vec![(setting, shown)], ..Inputs::default() };
        assert_eq!(load(&inputs).unwrap().config, Config::default(), "{}", setting.name);
        assert!(names.insert(setting.variable()), "{} is taken", setting.variable());
    }
}

#[test]
fn a_secret_is_read_from_a_file_of_its_own_wherever_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, settings) = (folder.path().join("secret"), folder.path().join("cogd.toml"));
    std::fs::write(&secret, "hunter2\n").unwrap();
    std::fs::write(&settings, format!("[storage]\ns3_secret_access_key_file = {secret:?}"))
        .unwrap();
    let setting = Setting::find("storage.s3_secret_access_key").unwrap();
    let name = secret.to_str().unwrap();
    for inputs in [
        Inputs { secret_files: vec![(setting, secret.clone())], ..Inputs::default() },
        Inputs { file: Some(settings), ..Inputs::default() },
        Inputs {
            environment: environment(&[("COGD_STORAGE_S3_SECRET_ACCESS_KEY_FILE", name)]),
            ..Inputs::default()
        },
    ] {
        let effective = load(&inputs).unwrap();
        let kept = effective.config.blobs.s3_secret_access_key.as_ref().unwrap();
        assert_eq!(kept.expose(), "hunter2");
        assert_eq!(effective.source(setting), Source::SecretFile(secret.clone()));
        assert_eq!(setting.show(&effective.config), "[redacted]");
        assert!(!format!("{effective:?}").contains("hunter2"));
    }
}

#[test]
fn only_secrets_have_a_file_and_each_place_gives_them_once() {
    let inputs = Inputs {
        environment: environment(&[
            ("COGD_STORAGE_S3_SECRET_ACCESS_KEY", "one"),
            ("COGD_STORAGE_S3_SECRET_ACCESS_KEY_FILE", "/nowhere/at/all"),
            ("COGD_LOG_FORMAT_FILE", "x"),
        ]),
        ..Inputs::default()
    };
    let faults = load(&inputs).unwrap_err().0;
    assert!(
        matches!(&faults[..], [Fault::Twice { .. }, Fault::File { .. }, Fault::Unknown { .. }]),
        "{faults:?}"
    );
}
