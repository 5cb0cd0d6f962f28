//! What is taken from a `config.pbtxt` of a Triton repository: the largest batch, no more.

/// The `max_batch_size` at the top of a configuration in protobuf's text format, if it is given.
/// Zero means that the model takes no batches.
pub(super) fn max_batch_size(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut words = words(text).peekable();
    while let Some(word) = words.next() {
        match word {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            "max_batch_size" if depth == 0 => {
                words.next_if_eq(&":")?;
                return words.next()?.parse().ok();
            }
            _ => {}
        }
    }
    None
}

/// Marks, quoted texts and runs of everything else, without spaces and comments.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            let Some(comment) = rest.strip_prefix('#') else { break };
            rest = comment.split_once('\n').map_or("", |(_, next)| next);
        }
        let first = rest.chars().next()?;
        let length = match first {
            '{' | '}' | '[' | ']' | ':' | ',' | ';' => 1,
            '"' | '\'' => quoted(rest, first),
            _ => {
                let ends = |c: char| c.is_whitespace() || "{}[]:,;#\"'".contains(c);
                rest.find(ends).unwrap_or(rest.len())
            }
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        Some(word)
    })
}

/// Bytes of the quoted text that `text` begins with, both quotes included.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_field_at_the_top_counts() {
        for (text, found) in [
            ("name: \"a\"\nmax_batch_size: 8\n", Some(8)),
            ("max_batch_size : 0 # none", Some(0)),
            ("x { max_batch_size: 3 } max_batch_size:4", Some(4)),
            ("input [ { name: \"max_batch_size: 7\" } ]", None),
            ("# max_batch_size: 7\nmax_batch_size:2", Some(2)),
            ("a: \"\\\" max_batch_size: 9\" max_batch_size: 5;", Some(5)),
            ("max_batch_size: -1", None),
            ("max_batch_size", None),
            ("a: \"never closed max_batch_size: 1", None),
            ("", None),
        ] {
            assert_eq!(max_batch_size(text), found, "{text}");
        }
    }
}
