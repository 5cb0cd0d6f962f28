//! The description of the API is whole: nobody has to guess.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Answer, TestApp};
use crate::support::description::contradiction;

fn operations() -> Vec<(String, Value)> {
    let document: Value = serde_json::from_str(&cogd::http::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation.clone()))
    });
    operations.collect()
}

#[test]
fn every_operation_has_a_name_a_summary_and_a_tag() {
    for (name, operation) in operations() {
        for member in ["operationId", "summary", "tags"] {
            assert!(!operation[member].is_null(), "{name} has no {member}");
        }
    }
}

#[test]
fn every_error_answer_is_a_problem_with_an_example() {
    for (name, operation) in operations() {
        let answers = operation["responses"].as_object().unwrap();
        let errors = answers.iter().filter(|(status, _)| status.as_str() >= "400");
        assert!(errors.clone().count() > 0, "{name} never fails?");
        for (status, answer) in errors {
            let content = &answer["content"]["application/problem+json"];
            assert_eq!(
                content["schema"]["$ref"], "#/components/schemas/Problem",
                "{name} {status}"
            );
            assert!(content["examples"].is_object(), "{name} {status}");
        }
    }
}

#[test]
fn every_request_body_is_closed_and_described() {
    for (name, operation) in operations() {
        let Some(contents) = operation["requestBody"]["content"].as_object() else { continue };
        for (media_type, content) in contents {
            let schema = &content["schema"];
            assert_eq!(schema["additionalProperties"], false, "{name} {media_type}");
            for (property, schema) in schema["properties"].as_object().unwrap() {
                assert!(schema["description"].is_string(), "{name} {media_type} {property}");
            }
        }
    }
}

#[test]
fn operations_that_take_a_key_say_so_and_say_what_they_answer_without() {
    let document: Value = serde_json::from_str(&cogd::http::document()).unwrap();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["bearer"]["scheme"], "bearer");
    assert_eq!(schemes["key"]["name"], "x-api-key");
    for (name, operation) in operations() {
        let is_open = ["/livez", "/healthz", "/readyz", "/version", "/problems/{code}"]
            .iter()
            .any(|path| name.ends_with(path));
        assert_eq!(operation["security"].is_null(), is_open, "{name}");
        for status in ["401", "429"].iter().filter(|_| !is_open) {
            assert!(!operation["responses"][status].is_null(), "{name} {status}");
        }
        let needs_scope =
            operation["description"].as_str().is_some_and(|text| text.contains("scope `"));
        assert!(!needs_scope || !operation["responses"]["403"].is_null(), "{name} 403");
    }
    assert!(!document["paths"]["/v1/inpaint"]["post"]["responses"]["403"].is_null());
}

#[test]
fn restorations_name_every_status_they_can_answer() {
    for (name, operation) in operations() {
        if name.starts_with("post") {
            let answers = &operation["responses"];
            assert!(!answers["200"].is_null() || !answers["202"].is_null(), "{name}");
            for status in
                ["400", "406", "408", "413", "415", "422", "429", "500", "503", "504", "507"]
            {
                assert!(!answers[status].is_null(), "{name} {status}");
            }
        }
    }
}

/// Every answer of [`TestApp`] is compared; this is what it is compared with.
#[tokio::test]
async fn an_answer_that_is_not_as_described_is_found_out() {
    let path = "/problems/too-busy";
    let answer = TestApp::new().await.get(path).await;
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = answer.json();
        change(&mut body);
        contradiction(
            &Method::GET,
            path,
            &Answer { body: body.to_string().into(), ..answer.clone() },
        )
    };
    assert_eq!(changed(&|_| {}), None);
    let lacks = changed(&|body| drop(body.as_object_mut().unwrap().remove("meaning")));
    assert_eq!(lacks.as_deref(), Some("body lacks `meaning`"));
    let more = changed(&|body| body["iterations"] = json!([]));
    assert_eq!(more.as_deref(), Some("body.iterations is not described"));
    let other = changed(&|body| body["status"] = "busy".into());
    assert_eq!(other.as_deref(), Some("body.status is \"busy\", and no integer"));
    assert!(changed(&|body| body["status"] = 200.into()).is_some(), "no problem has this status");

    let status = Answer { status: StatusCode::CREATED, ..answer.clone() };
    assert!(contradiction(&Method::GET, path, &status).is_some());
    assert_eq!(contradiction(&Method::GET, "/nowhere", &status), None);
}
