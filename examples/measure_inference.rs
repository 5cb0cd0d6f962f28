//! What the way to a network costs: the queue beside the bare runtime, batches beside single
//! requests, and whether memory comes back when models go.
//!
//! `cargo run --release --example measure_inference`
#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cogd::bench::convolutions;
use cogd::config::library_search;
use cogd::inference::{
    BackendFactory, Device, Executor, ExecutorConfig, ModelSource, Runtime, SessionOptions, Tensor,
};
use cogd::numerics::Random;
use cogd::onnx::Model;
use cpu_time::ProcessTime;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let runtime = Runtime::load(&library_search(None))?;
    println!("{}\n", runtime.build());
    let factory = |model: &Model, arena: bool| {
        let one = NonZeroUsize::MIN;
        let options = SessionOptions { device: Device::Cpu, threads: one, arena, spin: false };
        runtime.factory(ModelSource::Memory(Arc::from(model.encode())), options)
    };
    for (channels, layers, rounds) in [(256, 4, 200), (1024, 3, 20)] {
        let large = convolutions(channels, layers)?;
        let bytes = large.encode().len();
        println!("a model of {bytes} bytes, loaded, run and dropped {rounds} times");
        for arena in [true, false] {
            memory(&factory(&large, arena), arena, rounds)?;
        }
    }
    let network = convolutions(64, 10)?;
    println!("\n10 layers of 64 channels, 3x3, one thread a session");
    overhead(&factory(&network, true), 256, &[1, 8], 12)?;
    overhead(&factory(&network, true), 32, &[1, 8], 400)?;
    println!("\none layer of 4 channels: the cost of the way itself");
    overhead(&factory(&convolutions(4, 1)?, true), 8, &[1, 8], 20_000)?;
    Ok(())
}

fn image(side: usize) -> Result<Tensor, Failure> {
    let mut random = Random::seeded(2);
    let samples: Vec<f32> = (0..3 * side * side).map(|_| random.unit()).collect();
    Ok(Tensor::new(vec![1, 3, side, side], samples)?)
}

/// Milliseconds of wall and of processor time a request.
fn report(what: &str, runs: usize, wall: Duration, cpu: Duration) {
    let each = |time: Duration| 1e3 * time.as_secs_f64() / runs as f64;
    println!("  {what:<34} {:>9.3} ms wall {:>9.3} ms CPU a request", each(wall), each(cpu));
}

/// The bare session in a loop, then the same requests through the queue.
fn overhead(
    factory: &BackendFactory,
    side: usize,
    callers: &[usize],
    runs: usize,
) -> Result<(), Failure> {
    let input = image(side)?;
    let mut session = factory()?;
    for _ in 0..2 {
        session.run(std::slice::from_ref(&input))?;
    }
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    for _ in 0..runs {
        session.run(std::slice::from_ref(&input))?;
    }
    report(&format!("{side}x{side} bare session"), runs, wall.elapsed(), cpu.elapsed());
    drop(session);
    for &callers in callers {
        for max_batch in [1, 8] {
            if callers == 1 && max_batch > 1 {
                continue;
            }
            let warm_up = vec![vec![vec![1, 3, side, side]], vec![vec![max_batch, 3, side, side]]];
            let config = ExecutorConfig { max_batch, warm_up, ..ExecutorConfig::default() };
            let executor = Executor::start("m", factory, config)?;
            let handle = executor.handle();
            let each = runs.div_ceil(callers);
            let (wall, cpu) = (Instant::now(), ProcessTime::now());
            std::thread::scope(|scope| {
                for _ in 0..callers {
                    let (handle, input) = (handle.clone(), input.clone());
                    scope.spawn(move || {
                        for _ in 0..each {
                            let deadline = Instant::now() + Duration::from_mins(5);
                            let inputs = vec![("x".to_owned(), input.clone())];
                            handle.run_blocking(inputs, deadline).expect("the queue has room");
                        }
                    });
                }
            });
            let what = format!("{side}x{side} {callers} callers, batch up to {max_batch}");
            report(&what, each * callers, wall.elapsed(), cpu.elapsed());
            let statistics = handle.statistics();
            let mean = statistics.inference_count as f64 / statistics.execution_count as f64;
            let queued = statistics.queue.ns as f64 / 1e6 / statistics.success.count as f64;
            println!("  {:<34} mean batch {mean:.2}, {queued:.3} ms in the queue", "");
        }
    }
    Ok(())
}

/// Resident memory while a model comes and goes.
fn memory(factory: &BackendFactory, arena: bool, rounds: usize) -> Result<(), Failure> {
    println!("  arena {}: {} MB before", if arena { "on" } else { "off" }, resident()?);
    for round in 1..=rounds {
        let config = ExecutorConfig::default();
        let executor = Executor::start("m", factory, config)?;
        let deadline = Instant::now() + Duration::from_mins(5);
        executor.handle().run_blocking(vec![("x".to_owned(), image(16)?)], deadline)?;
        let loaded = resident()?;
        drop(executor);
        if matches!(round, 1 | 2 | 10 | 50 | 100 | 150 | 200) {
            println!("    round {round:>3}: {loaded} MB loaded, {} MB after", resident()?);
        }
    }
    Ok(())
}

/// Resident memory of this process in megabytes, as Linux tells it.
fn resident() -> Result<String, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(format!("{:.1}", kilobytes / 1024.0))
}
