//! A client of a network that is served.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::cli::connection::Connection;
use crate::inference::Tensor;

/// A request with a binary tensor, whose answer is one as well.
#[derive(Clone, Debug)]
pub(super) struct Request {
    address: SocketAddr,
    model: &'static str,
    bytes: Arc<[u8]>,
}

impl Request {
    pub(super) fn new(address: SocketAddr, model: &'static str, input: &Tensor) -> Self {
        let tensor = input.to_le_bytes();
        let header = json!({
            "inputs": [{
                "name": "x", "datatype": "FP32", "shape": input.shape(),
                "parameters": { "binary_data_size": tensor.len() },
            }],
            "outputs": [{ "name": "y", "parameters": { "binary_data": true } }],
        })
        .to_string();
        let mut bytes = format!(
            "POST /v2/models/{model}/infer HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\
             Inference-Header-Content-Length: {}\r\n\r\n{header}",
            header.len() + tensor.len(),
            header.len(),
        )
        .into_bytes();
        bytes.extend(tensor);
        Self { address, model, bytes: bytes.into() }
    }

    /// Bytes of the whole request.
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Asks once.
    pub(super) fn once(&self) -> anyhow::Result<()> {
        ask(&mut Connection::open(self.address)?, &self.bytes).map(drop)
    }

    /// Asks again and again on one connection.
    pub(super) fn repeat(&self, began: Instant, time: Duration) -> anyhow::Result<Vec<Duration>> {
        let (mut connection, mut times) = (Connection::open(self.address)?, Vec::new());
        while began.elapsed() < time {
            let start = Instant::now();
            ask(&mut connection, &self.bytes)?;
            times.push(start.elapsed());
        }
        Ok(times)
    }

    /// Mean time in the runtime of all requests until now.
    pub(super) fn computing(&self) -> anyhow::Result<Duration> {
        let (address, model) = (self.address, self.model);
        let request = format!("GET /v2/models/{model}/stats HTTP/1.1\r\nHost: {address}\r\n\r\n");
        let mut connection = Connection::open(address)?;
        let statistics: Value = serde_json::from_slice(ask(&mut connection, request.as_bytes())?)?;
        let infer = &statistics["model_stats"][0]["inference_stats"]["compute_infer"];
        let number = |name: &str| infer[name].as_u64().context("the statistics lack a number");
        Ok(Duration::from_nanos(number("ns")? / number("count")?.max(1)))
    }
}

/// Asks for what must be there.
fn ask<'a>(connection: &'a mut Connection, request: &[u8]) -> anyhow::Result<&'a [u8]> {
    let reply = connection.ask(request)?;
    ensure!(reply.status == 200, "the service refused: {}", reply.status);
    Ok(reply.body)
}
