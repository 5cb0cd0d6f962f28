//! `cogd bench load`.

mod client;
mod memory;
mod server;
mod tally;
mod target;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::bench::LoadCases;
use client::{Client, Habits};
use memory::Memory;
use server::Server;
use tally::Tally;
use target::Target;

/// Keep a service busy as many clients would, some of them hostile, and see how it bears it.
///
/// Fails if anything is answered otherwise than the service documents.
#[derive(Debug, clap::Args)]
pub(super) struct LoadBench {
    /// Service to keep busy, by HTTP [default: one of its own, which goes with its data]
    #[arg(long, value_name = "URL")]
    url: Option<Target>,

    /// File that holds the API key to send
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Clients side by side
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    clients: u16,

    /// How long, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,

    /// Share of requests with files and parameters that are to be refused, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    hostile: f32,

    /// Share of requests whose clients leave before the answer, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    leaving: f32,

    /// Share of requests that become jobs, whose results are fetched, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    jobs: f32,

    /// Seed of pictures, files and habits
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
}

impl LoadBench {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let habits = Habits { hostile: self.hostile, leaving: self.leaving, jobs: self.jobs };
        ensure!(
            habits.are_shares(),
            "--hostile, --leaving and --jobs must not be negative, nor more than 1 together"
        );
        let own = self.url.is_none().then(Server::start).transpose()?;
        let mut target = match (&own, self.url) {
            (Some(server), _) => server.target()?,
            (None, url) => url.context("there is a URL or a server")?,
        };
        if let Some(path) = &self.key_file {
            let key = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            target.give_key(key.trim())?;
        }
        let target = Arc::new(target);
        let cases = Arc::new(LoadCases::drawn(self.seed)?);
        let time = Duration::from_secs(self.seconds);
        let (began, tally) = (Instant::now(), Arc::new(Tally::default()));
        let memory = {
            let target = Arc::clone(&target);
            thread::spawn(move || Memory::watch(&target, began, time))
        };
        let clients: Vec<_> = (0..self.clients)
            .map(|number| {
                let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(number.into());
                let shared = (Arc::clone(&target), Arc::clone(&cases), Arc::clone(&tally));
                thread::spawn(move || Client::new(shared, habits, seed).run(began, time))
            })
            .collect();
        for client in clients {
            client.join().map_err(|_| anyhow::anyhow!("a client panicked"))?;
        }
        let memory = memory.join().map_err(|_| anyhow::anyhow!("the watch of memory panicked"))?;
        super::print(&format!(
            "{} s, {} clients, seed {}; {:.0} % hostile, {:.0} % leave, {:.0} % become jobs\n\n{}\n{}",
            self.seconds,
            self.clients,
            self.seed,
            habits.hostile * 100.0,
            habits.leaving * 100.0,
            habits.jobs * 100.0,
            tally.tables(began.elapsed()),
            memory.table(),
        ))?;
        drop(own);
        let unexpected = tally.unexpected();
        ensure!(unexpected == 0, "{unexpected} answers are not what the service documents");
        Ok(())
    }
}
