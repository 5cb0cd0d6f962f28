//! Generated files are what the program generates; `UPDATE_GOLDEN=1` rewrites them.

use std::path::Path;

/// Compares a committed file with what it should be, or writes it.
fn assert_golden(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, expected).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == expected, "{path} is stale; UPDATE_GOLDEN=1 cargo test golden rewrites it");
}

#[test]
fn the_committed_description_of_the_api_is_what_the_routes_say() {
    assert_golden("openapi/v1.json", &cogd::http::document());
}

#[test]
fn the_committed_description_of_the_inference_protocol_is_what_the_routes_say() {
    assert_golden("openapi/v2.json", &cogd::http::document_v2());
}

#[test]
fn the_committed_descriptions_of_the_dialects_are_what_the_routes_say() {
    assert_golden("openapi/openai.json", &cogd::http::document_openai());
    assert_golden("openapi/iopaint.json", &cogd::http::document_iopaint());
}

#[test]
fn the_reference_of_the_settings_is_what_the_table_says() {
    assert_golden("docs/configuration.md", &cogd::config::reference_page());
}

#[test]
fn the_example_of_the_settings_is_what_the_table_says() {
    assert_golden("cogd.example.toml", &cogd::config::example_file());
}

#[test]
fn the_reference_of_problems_is_what_the_table_says() {
    assert_golden("docs/problems.md", &cogd::http::problems_page());
}

#[test]
fn the_reference_of_the_command_line_is_what_its_help_says() {
    assert_golden("docs/cli.md", &cogd::cli::reference_page());
}
