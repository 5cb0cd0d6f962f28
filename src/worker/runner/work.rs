//! From the specification of a job and its files to work for the pool.

use bytes::Bytes;
use serde_json::Value;

use super::{JobFault, Workshop};
use crate::csc::dictionary::Dictionary;
use crate::engines::{self, EngineError, Environment, Request};
use crate::imaging::Raster;
use crate::jobs::{Job, JobSpec, LearnJob, RestoreJob};
use crate::storage::{LearnedDictionary, StorageError};
use crate::worker::{Easel, Timings, Watch};

/// Media type of a dictionary file.
pub const DICTIONARY_MEDIA_TYPE: &str = "application/vnd.cogd.dictionary";

/// What a job makes.
#[derive(Debug)]
pub(super) struct Product {
    /// The file.
    pub(super) bytes: Bytes,
    /// Its media type.
    pub(super) media_type: &'static str,
    /// What was done.
    pub(super) report: Value,
    /// How it came about, as JSON.
    pub(super) explanation: Option<Bytes>,
    /// Where the time went.
    pub(super) timings: Timings,
}

/// Why work cannot begin.
pub(super) enum Unprepared {
    /// It never can.
    Fault(JobFault),
    /// The storage does not answer now.
    Storage(StorageError),
}

/// What a worker thread is to do.
type Work = Box<dyn FnOnce(&Watch) -> Result<Product, EngineError> + Send>;

/// Fetches the files of a job.
pub(super) async fn prepare(workshop: &Workshop, job: &Job) -> Result<Work, Unprepared> {
    let mut files = Vec::with_capacity(job.inputs.len());
    for input in &job.inputs {
        files.push((input.role.clone(), workshop.blobs.get(input).await.map_err(unprepared)?));
    }
    let environment = std::sync::Arc::clone(&workshop.environment);
    match job.spec.clone() {
        JobSpec::Restore(mut work) => {
            let dictionary = &mut work.options.restore.dictionary;
            workshop.library().resolve(&job.owner, dictionary).await.map_err(unprepared)?;
            Ok(Box::new(move |watch| restore(&work, &files, &environment, watch)))
        }
        JobSpec::Learn(work) => {
            Ok(Box::new(move |watch| learn(&work, &files, &environment, watch)))
        }
    }
}

/// Makes the product of a job known under its name, if it has one. A fault ends the job.
///
/// Done again after an interruption, it finds what it did the first time.
pub(super) async fn publish(
    workshop: &Workshop,
    job: &Job,
    product: &Product,
) -> Result<Option<JobFault>, StorageError> {
    let JobSpec::Learn(LearnJob { name, .. }) = &job.spec else { return Ok(None) };
    let row = LearnedDictionary {
        owner: job.owner.clone(),
        name: name.clone(),
        file: product.bytes.to_vec(),
        record: product.report.clone(),
        created: workshop.queue.clock().now(),
    };
    let ours = workshop.library().add(&row).await?;
    Ok((!ours).then(|| JobFault::NameTaken { name: name.clone() }))
}

fn restore(
    job: &RestoreJob,
    files: &[(String, Bytes)],
    environment: &Environment,
    watch: &Watch,
) -> Result<Product, EngineError> {
    let file = |role| files.iter().find(|(name, _)| name == role).map(|(_, bytes)| bytes.as_ref());
    let image = file("image").unwrap_or_default();
    let request = Request { task: job.task, image, mask: file("mask"), options: &job.options };
    let show = |draft: &Raster| watch.show(draft);
    let easel = Easel::new(watch, job.options.explain.previews.into(), &show);
    let answer = engines::process(&request, environment, &easel)?;
    Ok(Product {
        bytes: answer.bytes.into(),
        media_type: answer.format.media_type(),
        report: json(&answer.report),
        explanation: answer.explanation.map(|explanation| {
            serde_json::to_vec(&explanation).expect("explanations have names for members").into()
        }),
        timings: Timings::default(),
    })
}

fn learn(
    job: &LearnJob,
    files: &[(String, Bytes)],
    environment: &Environment,
    watch: &Watch,
) -> Result<Product, EngineError> {
    let images: Vec<_> = files.iter().map(|(_, bytes)| bytes).collect();
    let dictionary = engines::learn(&images, &job.spec, environment, watch)?;
    Ok(Product {
        bytes: Dictionary::to_bytes(&dictionary)?.into(),
        media_type: DICTIONARY_MEDIA_TYPE,
        report: json(dictionary.record()),
        explanation: None,
        timings: Timings::default(),
    })
}

fn json(report: &impl serde::Serialize) -> Value {
    serde_json::to_value(report).expect("reports have names for members")
}

fn unprepared(error: StorageError) -> Unprepared {
    match error {
        // What is damaged or gone now stays so.
        StorageError::Corrupt { .. } | StorageError::NotFound { .. } => {
            Unprepared::Fault(JobFault::Input(error))
        }
        passing => Unprepared::Storage(passing),
    }
}
