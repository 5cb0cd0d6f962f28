//! Where a trace stands, in the words of W3C Trace Context.

use std::fmt::{self, Write as _};
use std::str::FromStr;

/// A place in a trace: what the header `traceparent` says, in version 00.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; not all zero.
    pub trace: [u8; 16],
    /// The step in it that causes the next ones; not all zero.
    pub span: [u8; 8],
    /// Whether who made that step records it.
    pub is_sampled: bool,
}

/// The text is no trace context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 00-<32 hexadecimal digits>-<16>-<2>, neither number zero")]
pub struct InvalidTraceContext;

impl TraceContext {
    /// The header that carries it.
    pub const HEADER: &str = "traceparent";

    /// A new trace that nobody records.
    pub fn generate() -> Self {
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        // Without a source of random numbers the system is beyond help; the ids only name things.
        let _ = getrandom::fill(&mut trace);
        let _ = getrandom::fill(&mut span);
        // Zero would mean that there is none.
        trace[15] |= 1;
        span[7] |= 1;
        Self { trace, span, is_sampled: false }
    }

    /// The name of the trace, for the log.
    pub fn trace_id(&self) -> String {
        hexadecimal(&self.trace)
    }
}

impl FromStr for TraceContext {
    type Err = InvalidTraceContext;

    /// Reads later versions as well, as far as they begin alike; that is the rule for receivers.
    fn from_str(text: &str) -> Result<Self, InvalidTraceContext> {
        let mut parts = text.split('-');
        let mut next = || parts.next().ok_or(InvalidTraceContext);
        let [version] = bytes::<1>(next()?)?;
        let (trace, span) = (bytes(next()?)?, bytes(next()?)?);
        let [flags] = bytes::<1>(next()?)?;
        let has_more = parts.next().is_some();
        let is_void = trace == [0; 16] || span == [0; 8];
        if version == 0xff || (version == 0 && has_more) || is_void {
            return Err(InvalidTraceContext);
        }
        Ok(Self { trace, span, is_sampled: flags & 1 == 1 })
    }
}

/// The bytes that so many lower-case hexadecimal digits stand for.
fn bytes<const N: usize>(digits: &str) -> Result<[u8; N], InvalidTraceContext> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() != 2 * N || !digits.bytes().all(is_digit) {
        return Err(InvalidTraceContext);
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let pair = &digits[2 * index..2 * index + 2];
        *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidTraceContext)?;
    }
    Ok(bytes)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a string takes all that is written to it");
        digits
    })
}

impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span) = (hexadecimal(&self.trace), hexadecimal(&self.span));
        write!(formatter, "00-{trace}-{span}-{:02x}", u8::from(self.is_sampled))
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_context_reads_back_as_it_was_written() {
        let context: TraceContext = TEXT.parse().unwrap();
        assert!(context.is_sampled);
        assert_eq!(context.to_string(), TEXT);
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        let made = TraceContext::generate();
        assert_eq!(made.to_string().parse(), Ok(made));
        assert_ne!(made.trace, TraceContext::generate().trace);
    }

    #[test]
    fn later_versions_are_read_as_far_as_they_are_alike() {
        let later = TEXT.replace("00-", "cc-") + "-what-comes-then";
        assert_eq!(later.parse::<TraceContext>(), TEXT.parse());
        // Of the flags, only the first is known.
        assert!(!TEXT.replace("-01", "-fe").parse::<TraceContext>().unwrap().is_sampled);
    }

    #[test]
    fn what_is_no_context_is_refused() {
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319ä-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(wrong.parse::<TraceContext>(), Err(InvalidTraceContext), "{wrong}");
        }
    }
}
