//! A client that costs as little as it can: one write and a few reads for each request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

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
        Connection::open(self.address)?.ask(&self.bytes).map(drop)
    }

    /// Asks again and again on one connection.
    pub(super) fn repeat(&self, began: Instant, time: Duration) -> anyhow::Result<Vec<Duration>> {
        let (mut connection, mut times) = (Connection::open(self.address)?, Vec::new());
        while began.elapsed() < time {
            let start = Instant::now();
            connection.ask(&self.bytes)?;
            times.push(start.elapsed());
        }
        Ok(times)
    }

    /// Mean time in the runtime of all requests until now.
    pub(super) fn computing(&self) -> anyhow::Result<Duration> {
        let (address, model) = (self.address, self.model);
        let request = format!("GET /v2/models/{model}/stats HTTP/1.1\r\nHost: {address}\r\n\r\n");
        let mut connection = Connection::open(address)?;
        let statistics: Value = serde_json::from_slice(connection.ask(request.as_bytes())?)?;
        let infer = &statistics["model_stats"][0]["inference_stats"]["compute_infer"];
        let number = |name: &str| infer[name].as_u64().context("the statistics lack a number");
        Ok(Duration::from_nanos(number("ns")? / number("count")?.max(1)))
    }
}

/// A connection that stays open, with room for answers.
struct Connection {
    reader: BufReader<TcpStream>,
    answer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream), answer: Vec::new() })
    }

    /// Sends a request and gives the body of the answer.
    fn ask(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.reader.get_mut().write_all(request)?;
        let (mut line, mut length) = (String::new(), 0);
        self.reader.read_line(&mut line)?;
        ensure!(line.starts_with("HTTP/1.1 200"), "the service refused: {}", line.trim());
        while line != "\r\n" {
            line.clear();
            ensure!(self.reader.read_line(&mut line)? > 0, "the service left");
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        self.answer.resize(length, 0);
        self.reader.read_exact(&mut self.answer)?;
        Ok(&self.answer)
    }
}
