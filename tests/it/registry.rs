//! Models come from a folder, are loaded, replaced and unloaded while they answer.

use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use cogd::config::library_search;
use cogd::inference::{Device, LibrarySearch, Signature, Tensor, ValueInfo};
use cogd::onnx::{Dimension, ElementType, GraphBuilder};
use cogd::registry::{
    IndexState, Lease, Manifest, ModelName, ModelsConfig, Registry, RegistryError,
};
use cogd::storage::BlobUrl;
use cogd::telemetry::Metrics;
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;
use crate::support::models::{ModelFolder, scale};
use crate::support::networks::runtime;

fn config(folder: &ModelFolder) -> ModelsConfig {
    ModelsConfig {
        dir: Some(folder.path()),
        builtin: false,
        poll: Duration::from_millis(20),
        device: Device::Cpu,
        threads: 1,
        ..ModelsConfig::default()
    }
}

fn open(config: &ModelsConfig) -> Arc<Registry> {
    Registry::open(config, library_search(None), &Arc::new(Metrics::default())).unwrap()
}

fn name(text: &str) -> ModelName {
    text.parse().unwrap()
}

async fn lease(registry: &Arc<Registry>, model: &str) -> Result<Lease, Arc<RegistryError>> {
    registry.lease_or_load(&name(model), None).await
}

/// What the model makes of four ones.
async fn scaled(lease: &Lease) -> Vec<f32> {
    let ones = Tensor::new(vec![1, 4], vec![1.0_f32; 4]).unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    let answer = lease.run(vec![("x".to_owned(), ones)], deadline).await.unwrap();
    answer.outputs[0].1.as_slice().unwrap().to_vec()
}

fn states(registry: &Registry) -> Vec<(String, IndexState)> {
    let entries = registry.index().into_iter();
    entries.map(|entry| (format!("{}/{}", entry.name, entry.version), entry.state)).collect()
}

#[tokio::test]
async fn the_newest_version_answers_unless_another_is_asked_for() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    folder.put("scale/2/model.onnx", scale(2.0).encode());
    folder.put("scale/10/model.onnx", scale(10.0).encode());
    let registry = open(&config(&folder));
    let newest = lease(&registry, "scale").await.unwrap();
    assert_eq!(newest.version().to_string(), "10");
    assert_eq!(scaled(&newest).await, [10.0; 4]);
    let two = Some("2".parse().unwrap());
    let older = registry.lease_or_load(&name("scale"), two).await.unwrap();
    assert_eq!(scaled(&older).await, [2.0; 4]);
    let three = registry.lease_or_load(&name("scale"), Some("3".parse().unwrap())).await;
    assert!(matches!(*three.unwrap_err(), RegistryError::UnknownVersion { .. }));
    let nobody = lease(&registry, "nobody").await.unwrap_err();
    assert!(matches!(*nobody, RegistryError::UnknownModel { .. }));
}

#[tokio::test]
async fn a_model_can_be_leased_from_a_thread_that_may_block() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    folder.put("scale/1/model.onnx", scale(3.0).encode());
    let registry = open(&config(&folder));
    let thread = std::thread::spawn(move || {
        let lease = registry.lease_or_load_blocking(&name("scale"), None).unwrap();
        let ones = Tensor::new(vec![1, 4], vec![1.0_f32; 4]).unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        lease.run_blocking(vec![("x".to_owned(), ones)], deadline).unwrap().outputs
    });
    let outputs = thread.join().unwrap();
    assert_eq!(outputs[0].1.as_slice::<f32>().unwrap(), [3.0; 4]);
}

#[tokio::test]
async fn what_is_put_into_the_folder_appears_changes_and_goes_by_itself() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    let registry = open(&config(&folder));
    let ending = CancellationToken::new();
    let watching = tokio::spawn({
        let (registry, ending) = (Arc::clone(&registry), ending.clone());
        async move { registry.watch(&ending).await }
    });
    let until = async |what: &str, fits: &dyn Fn() -> bool| {
        let late = Instant::now() + Duration::from_mins(1);
        while !fits() {
            assert!(Instant::now() < late, "{what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    folder.put("scale/1/model.onnx", scale(1.0).encode());
    until("it is loaded", &|| registry.leases().len() == 1).await;
    let old = lease(&registry, "scale").await.unwrap();

    // A broken file does not take the place of a model that works, and the index says why.
    folder.put("scale/1/model.onnx", "not a model");
    let told = || registry.index()[0].reason.contains("the changed files are not used");
    until("the fault is told", &told).await;
    let fault = registry.load_model(&name("scale")).await.unwrap_err();
    assert!(matches!(*fault, RegistryError::Onnx(_)), "{fault}");
    assert_eq!(scaled(&lease(&registry, "scale").await.unwrap()).await, [1.0; 4]);

    folder.put("scale/1/model.onnx", scale(5.0).encode());
    until("it is replaced", &|| registry.index()[0].reason.is_empty()).await;
    assert_eq!(scaled(&lease(&registry, "scale").await.unwrap()).await, [5.0; 4]);
    // What was leased before goes on answering as it did.
    assert_eq!(scaled(&old).await, [1.0; 4]);

    folder.remove("scale");
    until("it is gone", &|| registry.index().is_empty()).await;
    assert!(matches!(
        *lease(&registry, "scale").await.unwrap_err(),
        RegistryError::UnknownModel { .. }
    ));
    ending.cancel();
    watching.await.unwrap();
    drop(old);
    assert!(registry.close(Duration::from_mins(1)));
}

#[tokio::test]
async fn the_least_recently_used_model_makes_room() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    for model in ["a", "b", "c"] {
        folder.put(&format!("{model}/1/model.onnx"), scale(1.0).encode());
    }
    // Room for two.
    let one = lease(&open(&config(&folder)), "a").await.unwrap().bytes();
    let registry = open(&ModelsConfig { memory_budget: 2 * one, ..config(&folder) });
    for model in ["a", "b", "a", "c"] {
        lease(&registry, model).await.unwrap();
    }
    let loaded = || -> Vec<_> { registry.leases().iter().map(|l| l.name().to_string()).collect() };
    assert_eq!(loaded(), ["a", "c"]);
    // It answers all the same: another one goes.
    assert_eq!(scaled(&lease(&registry, "b").await.unwrap()).await, [1.0; 4]);
    assert_eq!(loaded(), ["b", "c"]);
    assert!(states(&registry).iter().all(|(_, state)| *state == IndexState::Ready));

    let small = open(&ModelsConfig { memory_budget: one - 1, ..config(&folder) });
    let fault = lease(&small, "a").await.unwrap_err();
    assert!(matches!(*fault, RegistryError::NoRoom { needed, .. } if needed == one), "{fault}");
}

#[tokio::test]
async fn a_model_that_was_unloaded_stays_so_until_it_is_asked_for() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    folder.put("scale/1/model.onnx", scale(1.0).encode());
    let registry = open(&config(&folder));
    let kept = lease(&registry, "scale").await.unwrap();
    registry.unload_model(&name("scale")).unwrap();
    assert_eq!(states(&registry), [("scale/1".to_owned(), IndexState::Unavailable)]);
    let refused = lease(&registry, "scale").await.unwrap_err();
    assert!(matches!(*refused, RegistryError::Unloaded { .. }));
    assert_eq!(scaled(&kept).await, [1.0; 4]);
    folder.put("scale/2/model.onnx", scale(2.0).encode());
    registry.load_model(&name("scale")).await.unwrap();
    assert_eq!(scaled(&lease(&registry, "scale").await.unwrap()).await, [2.0; 4]);
    assert!(registry.load_model(&name("nobody")).await.is_err());
    assert!(registry.unload_model(&name("nobody")).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_fails_while_a_model_is_replaced_and_unloaded_but_for_its_being_unloaded() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    folder.put("scale/1/model.onnx", scale(1.0).encode());
    let registry = open(&config(&folder));
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (registry, stop) = (Arc::clone(&registry), Arc::clone(&stop));
            tokio::spawn(async move {
                let (mut answered, mut unloaded) = (0, 0);
                while !stop.load(Ordering::Relaxed) {
                    match lease(&registry, "scale").await {
                        Ok(lease) => {
                            assert!(
                                [[1.0; 4], [2.0; 4]]
                                    .contains(&scaled(&lease).await[..].try_into().unwrap())
                            );
                            answered += 1;
                        }
                        Err(fault) => {
                            assert!(matches!(*fault, RegistryError::Unloaded { .. }), "{fault}");
                            unloaded += 1;
                            tokio::task::yield_now().await;
                        }
                    }
                }
                (answered, unloaded)
            })
        })
        .collect();
    for round in 0..10_u8 {
        let factor = f32::from(1 + round % 2);
        folder.put("scale/1/model.onnx", scale(factor).encode());
        registry.load_model(&name("scale")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        registry.unload_model(&name("scale")).unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        let (answered, unloaded) = caller.await.unwrap();
        assert!(answered > 0 && unloaded > 0);
    }
    assert!(registry.close(Duration::from_mins(1)));
}

#[tokio::test]
async fn hostile_files_are_refused_by_name_and_spoil_no_other() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    let good = scale(1.0).encode();
    folder.put("good/1/model.onnx", &good);
    folder.put("truncated/1/model.onnx", &good[..good.len() / 2]);
    folder.put("empty/1/model.onnx", "");
    folder.put("text/1/model.onnx", "<html>not found</html>");
    folder.put("opset/1/model.onnx", swap(&good, &[0x42, 2, 0x10, 17], &[0x42, 2, 0x10, 99]));
    folder.put("cycle/1/model.onnx", swap(&good, b"factor", b"give_y"));
    folder.put("huge/1/model.onnx", swap(&good, &[0x08, 1, 0x10, 1], &[0x08, 127, 0x10, 1]));
    folder.put("external/1/model.onnx", external("../../../etc/passwd"));
    folder.put("large/1/model.onnx", vec![0; 4096]);
    folder.put("sum/1/model.onnx", &good);
    folder.put("sum/1/model.toml", format!("sha256 = \"{}\"", "0".repeat(64)));
    folder.put("manifest/1/model.onnx", &good);
    folder.put("manifest/1/model.toml", "colour = \"RGB\"");
    folder.put("foreign/1/model.onnx", &good);
    folder.put(
        "foreign/1/model.toml",
        "task = \"denoise\"\n[image]\nname = \"x\"\n[output]\nname = \"y\"",
    );
    let registry = open(&ModelsConfig { max_bytes: 4095, ..config(&folder) });
    for (model, told) in [
        ("truncated", "model.onnx: not a readable ONNX file"),
        ("empty", "model.onnx: not a readable ONNX file"),
        ("text", "model.onnx: not a readable ONNX file"),
        ("opset", "opset 99, but 7 to 26 are supported"),
        ("cycle", "is used before anything gives it"),
        ("huge", "has the shape of 127 elements, but 1 are there"),
        ("external", "`w` lies outside the file, in `../../../etc/passwd`"),
        ("large", "model.onnx has 4096 bytes, but at most 4095 are allowed"),
        ("sum", "but model.toml says 000"),
        ("manifest", "model.toml, line 1, `colour = \"RGB\"`: unknown field `colour`"),
        ("foreign", "model.toml: image.name names a tensor of 2 axes"),
    ] {
        let fault = lease(&registry, model).await.unwrap_err();
        assert!(fault.explain().contains(told), "{model}: {}", fault.explain());
        let entries = registry.index();
        let entry = entries.iter().find(|entry| entry.name.as_str() == model).unwrap();
        assert_eq!(entry.state, IndexState::Unavailable, "{model}");
        assert!(entry.reason.contains(told), "{model}: {}", entry.reason);
    }
    assert_eq!(scaled(&lease(&registry, "good").await.unwrap()).await, [1.0; 4]);
}

/// The first `from` in `bytes` replaced by `to`, which is as long.
fn swap(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("it is there");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// A model whose weights are said to lie in another file.
fn external(location: &str) -> Vec<u8> {
    let part = |number: u8, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).unwrap();
        assert!(length < 128);
        [&[number << 3 | 2, length], bytes].concat()
    };
    let place = [part(1, b"location"), part(2, location.as_bytes())].concat();
    // One number of single precision, elsewhere.
    let weight =
        [vec![0x08, 1, 0x10, 1], part(8, b"w"), part(13, &place), vec![14 << 3, 1]].concat();
    let node = [part(1, b"w"), part(2, b"y"), part(4, b"Identity")].concat();
    let tensor = part(1, &[0x08, 1]);
    let output = [part(1, b"y"), part(2, &tensor)].concat();
    let graph = [part(1, &node), part(5, &weight), part(12, &output)].concat();
    [vec![0x08, 8], part(7, &graph), part(8, &[0x10, 17])].concat()
}

/// Every example of a manifest in the documentation, in order.
fn documented() -> Vec<Manifest> {
    let page = include_str!("../../docs/models.md");
    let blocks = page.split("```toml\n").skip(1);
    let texts = blocks.map(|block| block.split("```").next().unwrap());
    texts.map(|text| Manifest::parse(text).unwrap()).collect()
}

#[test]
fn the_manifests_of_the_documentation_fit_the_models_as_they_are_found() {
    let value = |name: &str, element: ElementType, axes: [Dimension; 4]| ValueInfo {
        name: name.to_owned(),
        element,
        shape: Some(axes.to_vec()),
    };
    let square = |channels: u64| ["batch".into(), channels.into(), 512.into(), 512.into()];
    let any = |channels: u64| [1.into(), channels.into(), "height".into(), "width".into()];
    let (f32, u8) = (ElementType::F32, ElementType::U8);
    let signatures = [
        Signature {
            inputs: vec![value("image", f32, square(3)), value("mask", f32, square(1))],
            outputs: vec![value("output", f32, square(3))],
        },
        Signature {
            inputs: vec![value("image", u8, any(3)), value("mask", u8, any(1))],
            outputs: vec![value("result", u8, any(3))],
        },
        Signature {
            inputs: vec![value("input", f32, square(4))],
            outputs: vec![value("output", f32, square(3))],
        },
        Signature {
            inputs: vec![value("image", f32, any(2))],
            outputs: vec![value("output", f32, any(1))],
        },
    ];
    let manifests = documented();
    assert_eq!(manifests.len(), signatures.len());
    for (manifest, signature) in manifests.iter().zip(&signatures) {
        assert_eq!(manifest.check(signature), Ok(()), "{}", manifest.description);
    }
}

#[tokio::test]
async fn no_link_leads_out_of_the_folder() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    std::fs::create_dir_all(folder.outside().join("secret/1")).unwrap();
    std::fs::write(folder.outside().join("secret/1/model.onnx"), scale(1.0).encode()).unwrap();
    // The folder of a model, of a version, or the file itself.
    symlink(folder.outside().join("secret"), folder.path().join("model")).unwrap();
    std::fs::create_dir_all(folder.path().join("version")).unwrap();
    symlink(folder.outside().join("secret/1"), folder.path().join("version/1")).unwrap();
    std::fs::create_dir_all(folder.path().join("file/1")).unwrap();
    let file = folder.path().join("file/1/model.onnx");
    symlink(folder.outside().join("secret/1/model.onnx"), &file).unwrap();
    // A manifest leads out, too.
    folder.put("manifest/1/model.onnx", scale(1.0).encode());
    symlink("/etc/passwd", folder.path().join("manifest/1/model.toml")).unwrap();
    std::fs::create_dir_all(folder.path().join("folder/1/model.onnx")).unwrap();
    // One inside leads to another model inside, as in a mounted ConfigMap.
    folder.put("there/1/model.onnx", scale(7.0).encode());
    symlink("there", folder.path().join("here")).unwrap();
    let registry = open(&config(&folder));
    for model in ["model", "version", "file", "manifest", "folder"] {
        let fault = lease(&registry, model).await.unwrap_err();
        assert!(matches!(*fault, RegistryError::Outside { .. }), "{model}: {fault}");
    }
    assert_eq!(scaled(&lease(&registry, "here").await.unwrap()).await, [7.0; 4]);
}

#[tokio::test]
async fn a_triton_repository_is_mounted_as_it_is() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    let config_text = "name: \"scale\"\nplatform: \"onnxruntime_onnx\"\nmax_batch_size: 3\n";
    folder.put("scale/config.pbtxt", config_text);
    folder.put("scale/1/model.onnx", scale(1.0).encode());
    folder.put("python_model/1/model.py", "pass");
    folder.put("README.md", "not a model");
    let registry = open(&config(&folder));
    assert_eq!(states(&registry), [("scale/1".to_owned(), IndexState::Ready)]);
    assert_eq!(lease(&registry, "scale").await.unwrap().max_batch(), 3);
}

#[tokio::test]
async fn every_session_of_a_model_counts_towards_the_budget_and_answers_alike() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    folder.put("scale/1/model.onnx", scale(7.0).encode());
    let [one, three] = [1, 3].map(|instances| open(&ModelsConfig { instances, ..config(&folder) }));
    let (one, three) = (lease(&one, "scale").await.unwrap(), lease(&three, "scale").await.unwrap());
    assert_eq!(three.bytes(), 3 * one.bytes());
    for _ in 0..6 {
        assert_eq!(scaled(&three).await, scaled(&one).await);
    }
}

#[tokio::test]
async fn models_are_listed_without_a_runtime() {
    let folder = ModelFolder::new();
    folder.put("scale/1/model.onnx", scale(1.0).encode());
    let metrics = Arc::new(Metrics::default());
    let registry = Registry::open(&config(&folder), LibrarySearch::default(), &metrics).unwrap();
    assert_eq!(states(&registry), [("scale/1".to_owned(), IndexState::Ready)]);
    assert_eq!(registry.versions(&name("scale")).len(), 1);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told_at_the_start() {
    let folder = ModelFolder::new();
    let config = ModelsConfig { dir: Some(folder.path().join("none")), ..config(&folder) };
    let opened = Registry::open(&config, library_search(None), &Arc::new(Metrics::default()));
    assert!(opened.unwrap_err().to_string().contains("(models.dir) cannot be read"));
}

#[tokio::test]
async fn shapes_that_explode_fail_one_request_and_spoil_no_other() {
    let Some(_) = runtime() else { return };
    let mut g = GraphBuilder::new("explode");
    let column = g.input("column", ElementType::F32, &["rows".into(), 1.into()]).unwrap();
    let row = g.input("row", ElementType::F32, &[1.into(), "columns".into()]).unwrap();
    // An outer product: millions of numbers become millions of millions.
    let y = g.mul(&column, &row).unwrap();
    g.output("y", &y).unwrap();
    let folder = ModelFolder::new();
    folder.put("explode/1/model.onnx", g.finish().unwrap().encode());
    let registry = open(&config(&folder));
    let lease = lease(&registry, "explode").await.unwrap();
    let run = async |side: usize| {
        let zeros = |shape| Tensor::zeros(ElementType::F32, shape).unwrap();
        let column = ("column".to_owned(), zeros(vec![side, 1]));
        let row = ("row".to_owned(), zeros(vec![1, side]));
        let deadline = Instant::now() + Duration::from_mins(1);
        lease.run(vec![column, row], deadline).await
    };
    assert!(run(1 << 23).await.is_err());
    assert_eq!(run(8).await.unwrap().outputs[0].1.len(), 64);
}

#[tokio::test]
async fn models_of_a_bucket_come_and_go_with_it() {
    let bucket = ModelFolder::new();
    bucket.put("double/1/model.onnx", scale(2.0).encode());
    bucket.put("double/notes/secret.txt", "stays where it is");
    let app = TestApp::with(|config| {
        config.models_url = Some(BlobUrl::Folder(bucket.path()));
        config.models.poll = Duration::from_millis(50);
        config.models.preload = false;
    })
    .await;
    let versions = async || {
        let index = app.call(Request::post("/v2/repository/index").body(Body::empty()).unwrap());
        let index = index.await.json();
        let version = |entry: &serde_json::Value| entry["version"].as_str().unwrap().to_owned();
        let entries = index.as_array().unwrap().iter().filter(|entry| entry["name"] == "double");
        entries.map(version).collect::<Vec<_>>()
    };
    assert_eq!(versions().await, ["1"]);
    app.work();
    bucket.put("double/2/model.onnx", scale(3.0).encode());
    bucket.remove("double/1");
    while versions().await != ["2"] {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
