//! A client of HTTP/1.1 that costs as little as it can: one write and a few reads a request.
//!
//! For measurements alone, where the client must not be what is measured.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest answer that is read.
const LONGEST: usize = 1 << 30;

/// A connection that stays open, with room for answers.
#[derive(Debug)]
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
    head: String,
    body: Vec<u8>,
}

/// An answer, until the next question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply<'a> {
    pub(super) status: u16,
    head: &'a str,
    pub(super) body: &'a [u8],
}

impl Reply<'_> {
    /// A header, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }

    /// Whether the server closes the connection after this answer.
    pub(super) fn is_last(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream), head: String::new(), body: Vec::new() })
    }

    /// Gives up on an answer after so long.
    pub(super) fn with_patience(self, patience: Duration) -> io::Result<Self> {
        self.reader.get_ref().set_read_timeout(Some(patience))?;
        Ok(self)
    }

    /// Sends bytes and waits for nothing.
    pub(super) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(request)
    }

    /// Sends a request and reads its answer.
    pub(super) fn ask(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        // A server may refuse before it has read everything; its answer says why.
        let sent = self.send(request);
        self.read().or_else(|error| sent.and(Err(error)))?;
        let status = self.head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| invalid("the answer has no status"))?;
        Ok(Reply { status, head: &self.head, body: &self.body })
    }

    fn read(&mut self) -> io::Result<()> {
        self.head.clear();
        while !self.head.ends_with("\r\n\r\n") {
            if self.reader.read_line(&mut self.head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = header(&self.head, "content-length").map_or(Ok(0), str::parse);
        let length = length.map_err(|_| invalid("the length of the answer is no number"))?;
        if length > LONGEST {
            return Err(invalid("the answer is too long"));
        }
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
