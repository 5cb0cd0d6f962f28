//! The paths that a source file names, as far as the rules of the architecture need them.

/// A path such as `crate::numerics::Plane`, and how deep in modules of its own file it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedPath {
    segments: Vec<String>,
    inline_depth: usize,
}

impl NamedPath {
    /// The first segment after the root of the crate, for a path that leads there from a file
    /// `depth` modules below it.
    pub(super) fn in_crate(&self, depth: usize) -> Option<String> {
        let steps = self.segments.iter().take_while(|segment| *segment == "super").count();
        let from_root = match self.segments[0].as_str() {
            "crate" => 1,
            "super" if steps == depth + self.inline_depth => steps,
            _ => return None,
        };
        self.segments.get(from_root).cloned()
    }

    /// Whether the path is `prefix`, such as `std::time`, or lies below it.
    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        let mut segments = self.segments.iter();
        prefix.split("::").all(|wanted| segments.next().is_some_and(|segment| segment == wanted))
    }
}

/// Every path of more than one segment, and every name that is imported.
pub(super) fn paths(text: &str) -> Vec<NamedPath> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let (mut braces, mut modules) = (0_usize, Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let before = |back: usize| at.checked_sub(back).map_or("", |i| tokens[i].as_str());
        let imports = before(1) == "use";
        let after_type = before(1) == "::" && before(2) == ">";
        let begins = is_name(&tokens[at]) && tokens[at] != "use" && !after_type;
        if imports || begins {
            let mut expanded = Vec::new();
            at = expand(&tokens, at, &[], &mut expanded);
            let inline_depth = modules.len();
            for segments in expanded {
                if imports || segments.len() > 1 {
                    found.push(NamedPath { segments, inline_depth });
                }
            }
            continue;
        }
        match tokens[at].as_str() {
            "{" => {
                braces += 1;
                if before(2) == "mod" {
                    modules.push(braces);
                }
            }
            "}" => {
                modules.pop_if(|opened| *opened == braces);
                braces = braces.saturating_sub(1);
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads one path, or a group of paths in braces, and returns where it ends.
fn expand(
    tokens: &[String],
    mut at: usize,
    prefix: &[String],
    out: &mut Vec<Vec<String>>,
) -> usize {
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    let mut segments = prefix.to_vec();
    if token(at) == "::" {
        at += 1;
    }
    loop {
        if token(at) == "{" {
            at += 1;
            while !matches!(token(at), "}" | "") {
                at = expand(tokens, at, &segments, out);
                while !matches!(token(at), "," | "}" | "") {
                    at += 1; // `as` and a name
                }
                if token(at) == "," {
                    at += 1;
                }
            }
            return at + 1;
        }
        segments.push(token(at).to_owned());
        at += 1;
        let goes_on = is_name(token(at + 1)) || matches!(token(at + 1), "{" | "*");
        if token(at) != "::" || !goes_on {
            break;
        }
        at += 1;
    }
    out.push(segments);
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, `->` and single signs; comments, strings and characters are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if let Some(length) = length_without_paths(rest) {
            length
        } else if name > 0 {
            tokens.push(rest[..name].to_owned());
            name
        } else {
            let length =
                if rest.starts_with("::") || rest.starts_with("->") { 2 } else { first.len_utf8() };
            if !first.is_whitespace() {
                tokens.push(rest[..length].to_owned());
            }
            length
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the comment, string, character or lifetime that `text` begins with.
fn length_without_paths(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(text.find("*/").map_or(text.len(), |end| end + 2));
    }
    let unmarked = text.trim_start_matches(['b', 'r']);
    let fence = unmarked.len() - unmarked.trim_start_matches('#').len();
    let marked = text.len() - unmarked.len();
    if text[..marked].ends_with('r') && unmarked[fence..].starts_with('"') {
        let opened = marked + fence + 1;
        let closing = format!("\"{}", "#".repeat(fence));
        let end = text[opened..].find(&closing);
        return Some(end.map_or(text.len(), |end| opened + end + closing.len()));
    }
    if let Some(inside) = text.strip_prefix('"') {
        return Some(2 + unescaped(inside, '"'));
    }
    if let Some(inside) = text.strip_prefix('\'') {
        let lifetime = inside.chars().nth(1) != Some('\'') && !inside.starts_with('\\');
        return Some(if lifetime { 1 } else { 2 + unescaped(inside, '\'') });
    }
    None
}

/// The length of `text` up to the first `end` that no backslash precedes.
fn unescaped(text: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == end => return at,
            _ => {}
        }
    }
    // One less than the text, for the sign at the end that is missing.
    text.len().saturating_sub(1)
}

#[test]
fn paths_are_found_wherever_they_stand_and_not_in_strings_or_comments() {
    let found = |text: &str| -> Vec<String> {
        paths(text).into_iter().map(|path| path.segments.join("::")).collect()
    };
    assert_eq!(found("use a::{b::{c, d as e}, f::*};"), ["a::b::c", "a::b::d", "a::f::*"]);
    assert_eq!(found("use a;\nuse ::b::c;\nuse {d, e::f};"), ["a", "b::c", "d", "e::f"]);
    assert_eq!(
        found("let x: a::B<'a, c::D> = <E as f::G>::h::<i::J>();"),
        ["a::B", "c::D", "f::G", "i::J"]
    );
    assert_eq!(found("fn f() -> ::a::B { c::d!(e::F) }"), ["a::B", "c::d", "e::F"]);
    assert_eq!(found("// a::b\n/* c::d\n */ /// e::f\ng::h"), ["g::h"]);
    assert_eq!(
        found(r##""a::b \" c::d" r#"e::" f"# b"g::h" '"' '\'' i::j '\u{1f}' k::l"##),
        ["i::j", "k::l"]
    );
    assert_eq!(found("'a: loop { break 'a; } let r#b = br::c; r::d"), ["br::c", "r::d"]);
}
