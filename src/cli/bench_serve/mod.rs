//! `cogd bench serve`.

mod client;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::runtime::Runtime as Async;
use tokio::sync::oneshot;

use client::Request;

use crate::app::App;
use crate::auth::AuthMode;
use crate::bench::convolutions;
use crate::config::{Config, library_search};
use crate::inference::{BackendFactory, Device, ModelSource, Runtime, SessionOptions, Tensor};
use crate::numerics::Random;

/// Measure what serving a network by HTTP costs beside the runtime alone
#[derive(Debug, clap::Args)]
pub(super) struct ServeBench {
    /// Channels of the network's layers
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    channels: u64,

    /// Layers of the network
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    layers: u16,

    /// Sides of the images, separated by commas
    #[arg(long, value_name = "PIXELS", value_delimiter = ',', default_value = "256,32")]
    sides: Vec<usize>,

    /// Clients side by side
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    clients: u16,

    /// Time for each measurement, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    seconds: f64,

    /// Threads of one session; as many as this process may use if not given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// What the network runs on
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: Device,

    /// Longest batch where requests may run together
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    max_batch: u16,
}

/// Name of the network that is served.
const MODEL: &str = "bench";

impl ServeBench {
    pub(super) fn run(self) -> anyhow::Result<()> {
        ensure!(
            self.seconds > 0.0 && self.seconds < 3600.0,
            "--seconds must lie between 0 and 3600"
        );
        let bytes = convolutions(self.channels, usize::from(self.layers))?.encode();
        let folder = tempfile::tempdir()?;
        super::print(&self.measure(&bytes, folder.path())?)
    }

    fn measure(&self, bytes: &[u8], folder: &Path) -> anyhow::Result<String> {
        let version = folder.join("models").join(MODEL).join("1");
        std::fs::create_dir_all(&version)?;
        std::fs::write(version.join("model.onnx"), bytes)?;
        let threads = self.threads.or(thread::available_parallelism().ok());
        let threads = threads.unwrap_or(NonZeroUsize::MIN);
        let device = self.device;
        let options = SessionOptions { device, threads, ..SessionOptions::default() };
        let runtime = Runtime::load(&library_search(None))?;
        let factory = runtime.factory(ModelSource::Memory(Arc::from(bytes)), options);

        let mut table = format!(
            "{} layers of {} channels, 3x3, {threads} threads a session\n\n\
             | image | clients | longest batch | images a second | of the bare runtime | p50 ms | of it not computing |\n\
             |---|---:|---:|---:|---:|---:|---:|\n",
            self.layers, self.channels,
        );
        for &side in &self.sides {
            ensure!((1..=4096).contains(&side), "sides must lie between 1 and 4096");
            let input = images(1, side)?;
            let alone = bare(&factory, &input, self.time())?;
            let mut row = |what: &str, clients: u16, batch: &str, run: &Run| {
                let beside = run.median() - run.computing.as_secs_f64() * 1e3;
                writeln!(
                    table,
                    "| {side}x{side} | {what} {clients} | {batch} | {:.2} | {:.3} | {:.2} | {beside:.2} |",
                    run.rate(),
                    run.rate() / alone.rate(),
                    run.median(),
                )
            };
            row("bare", 1, "1", &alone)?;
            // No batch that forms by itself can gain more than one that is there from the start.
            let together = bare(&factory, &images(self.max_batch.into(), side)?, self.time())?;
            row("bare", 1, &self.max_batch.to_string(), &together)?;
            row("copy", 1, "", &self.copy(&input)?)?;
            for (clients, longest) in [(1, 1), (self.clients, 1), (self.clients, self.max_batch)] {
                let served = self.serve(folder, threads, longest, clients, &input)?;
                row("HTTP", clients, &longest.to_string(), &served)?;
            }
        }
        Ok(table)
    }

    fn time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// What the bytes cost alone: the same request, sent back by a server that looks at nothing.
    fn copy(&self, input: &Tensor) -> anyhow::Result<Run> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let request = Request::new(listener.local_addr()?, MODEL, input);
        let size = request.length();
        thread::spawn(move || echo(&listener, size));
        let (began, time) = (Instant::now(), self.time());
        let times = request.repeat(began, time)?;
        Ok(Run { times, wall: began.elapsed(), ..Run::default() })
    }

    /// A service of its own, and clients that ask it one request after the other.
    fn serve(
        &self,
        folder: &Path,
        threads: NonZeroUsize,
        max_batch: u16,
        clients: u16,
        input: &Tensor,
    ) -> anyhow::Result<Run> {
        let mut config = Config { data_dir: folder.join("data"), ..Config::default() };
        config.http.bind = "127.0.0.1:0".parse()?;
        config.auth.mode = AuthMode::Open;
        config.models.dir = Some(folder.join("models"));
        config.models.threads = threads.get();
        config.models.device = self.device;
        config.models.max_batch = max_batch.into();
        config.models.queue_length = usize::from(clients).max(config.models.queue_length);
        let asynchronous = Async::new()?;
        let (app, listener) = asynchronous.block_on(async {
            let app = App::build(config).await?;
            let listener = app.bind().await?;
            anyhow::Ok((app, listener))
        })?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = asynchronous.spawn(app.serve(listener, async { drop(stopped.await) }));
        let request = Request::new(address, MODEL, input);
        // Loads the model, and has it see the shape.
        request.once()?;
        let mut run = crowd(&request, clients, self.time())?;
        run.computing = request.computing()?;
        drop(stop);
        asynchronous.block_on(serving)?;
        Ok(run)
    }
}

/// Clients that ask one request after the other.
fn crowd(request: &Request, clients: u16, time: Duration) -> anyhow::Result<Run> {
    let began = Instant::now();
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let request = request.clone();
            thread::spawn(move || request.repeat(began, time))
        })
        .collect();
    let mut run = Run::default();
    for client in clients {
        run.times.extend(client.join().map_err(|_| anyhow::anyhow!("a client panicked"))??);
    }
    run.wall = began.elapsed();
    Ok(run)
}

/// Times of all requests, and of all together.
#[derive(Debug)]
struct Run {
    times: Vec<Duration>,
    wall: Duration,
    /// Images of one request.
    images: usize,
    /// Mean time of a request in the runtime, as the service tells it.
    computing: Duration,
}

impl Default for Run {
    fn default() -> Self {
        Self { times: Vec::new(), wall: Duration::ZERO, images: 1, computing: Duration::ZERO }
    }
}

impl Run {
    /// Does something, and keeps how long it took.
    fn time(&mut self, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let start = Instant::now();
        work()?;
        self.times.push(start.elapsed());
        self.wall += start.elapsed();
        Ok(())
    }

    /// Images a second.
    fn rate(&self) -> f64 {
        (self.times.len() * self.images) as f64 / self.wall.as_secs_f64()
    }

    fn mean(&self) -> Duration {
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX).max(1);
        self.times.iter().sum::<Duration>() / count
    }

    /// Milliseconds of the request in the middle.
    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// The runtime in a loop, in this thread.
fn bare(factory: &BackendFactory, input: &Tensor, time: Duration) -> anyhow::Result<Run> {
    let mut session = factory()?;
    for _ in 0..2 {
        session.run(std::slice::from_ref(input))?;
    }
    let (began, mut run) = (Instant::now(), Run::default());
    run.images = input.shape()[0];
    while began.elapsed() < time {
        run.time(|| session.run(std::slice::from_ref(input)).map(drop).map_err(Into::into))?;
    }
    run.computing = run.mean();
    Ok(run)
}

/// Sends every request of `size` bytes back to its only client as the body of an answer, until that
/// leaves.
fn echo(listener: &TcpListener, size: usize) -> std::io::Result<()> {
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let mut request = vec![0; size];
    loop {
        stream.read_exact(&mut request)?;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")?;
        stream.write_all(&request)?;
    }
}

fn images(count: usize, side: usize) -> anyhow::Result<Tensor> {
    let mut random = Random::seeded(2);
    let samples: Vec<f32> = (0..count * 3 * side * side).map(|_| random.unit()).collect();
    Ok(Tensor::new(vec![count, 3, side, side], samples)?)
}
