//! How values are written: each kind explains, reads and shows one.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Says what a value looks like.
pub(super) trait Expects {
    /// A phrase to follow "expected".
    fn expects(&self) -> String;
}

/// A way to write a `T`.
pub(super) trait Kind<T>: Expects {
    /// Reads a value; `None` if it is not what is expected.
    fn read(&self, text: &str) -> Option<T>;

    /// Writes a value so that it reads back.
    fn show(&self, value: &T) -> String;

    /// Writes a value for the file.
    fn show_toml(&self, value: &T) -> String {
        toml::Value::String(self.show(value)).to_string()
    }
}

/// Anything that has a text form of its own.
pub(super) struct Text(pub &'static str);

impl Expects for Text {
    fn expects(&self) -> String {
        self.0.to_owned()
    }
}

impl<T: FromStr + Display> Kind<T> for Text {
    fn read(&self, text: &str) -> Option<T> {
        text.parse().ok()
    }

    fn show(&self, value: &T) -> String {
        value.to_string()
    }
}

/// What may be left out; empty where it is.
pub(super) struct Optional(pub &'static str);

impl Expects for Optional {
    fn expects(&self) -> String {
        self.0.to_owned()
    }
}

impl<T: FromStr + Display> Kind<Option<T>> for Optional {
    fn read(&self, text: &str) -> Option<Option<T>> {
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    }

    fn show(&self, value: &Option<T>) -> String {
        value.as_ref().map(T::to_string).unwrap_or_default()
    }
}

/// What may be left out and is never shown.
pub(super) struct Hidden(pub &'static str);

impl Expects for Hidden {
    fn expects(&self) -> String {
        self.0.to_owned()
    }
}

impl<T: FromStr> Kind<Option<T>> for Hidden {
    fn read(&self, text: &str) -> Option<Option<T>> {
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    }

    fn show(&self, value: &Option<T>) -> String {
        value.as_ref().map(|_| REDACTED.to_owned()).unwrap_or_default()
    }
}

/// What is shown in place of a secret.
pub(super) const REDACTED: &str = "[redacted]";

/// `true` or `false`.
pub(super) struct Switch;

impl Expects for Switch {
    fn expects(&self) -> String {
        "`true` or `false`".to_owned()
    }
}

impl Kind<bool> for Switch {
    fn read(&self, text: &str) -> Option<bool> {
        text.parse().ok()
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }

    fn show_toml(&self, value: &bool) -> String {
        self.show(value)
    }
}

/// A number with a fraction.
pub(super) struct Number(pub RangeInclusive<f64>);

impl Expects for Number {
    fn expects(&self) -> String {
        format!("a number from {} to {}", self.0.start(), self.0.end())
    }
}

impl Kind<f64> for Number {
    fn read(&self, text: &str) -> Option<f64> {
        text.parse().ok().filter(|number| self.0.contains(number))
    }

    fn show(&self, value: &f64) -> String {
        value.to_string()
    }

    fn show_toml(&self, value: &f64) -> String {
        self.show(value)
    }
}

/// A path, which may not be empty.
pub(super) struct Folder;

impl Expects for Folder {
    fn expects(&self) -> String {
        "the path of a folder".to_owned()
    }
}

impl Kind<PathBuf> for Folder {
    fn read(&self, text: &str) -> Option<PathBuf> {
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    fn show(&self, value: &PathBuf) -> String {
        value.display().to_string()
    }
}

/// A path that may be left out; empty where it is.
pub(super) struct OptionalPath(pub &'static str);

impl Expects for OptionalPath {
    fn expects(&self) -> String {
        self.0.to_owned()
    }
}

impl Kind<Option<PathBuf>> for OptionalPath {
    fn read(&self, text: &str) -> Option<Option<PathBuf>> {
        Some((!text.is_empty()).then(|| PathBuf::from(text)))
    }

    fn show(&self, value: &Option<PathBuf>) -> String {
        value.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    }
}

/// Values separated by commas, or an array in the file.
pub(super) struct List(pub &'static str);

impl Expects for List {
    fn expects(&self) -> String {
        self.0.to_owned()
    }
}

impl<T: FromStr + Display> Kind<Vec<T>> for List {
    fn read(&self, text: &str) -> Option<Vec<T>> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| item.parse().ok()).collect()
    }

    fn show(&self, values: &Vec<T>) -> String {
        values.iter().map(T::to_string).collect::<Vec<_>>().join(",")
    }

    fn show_toml(&self, values: &Vec<T>) -> String {
        let items = values.iter().map(|value| toml::Value::String(value.to_string()));
        toml::Value::Array(items.collect()).to_string()
    }
}

/// A whole number.
pub(super) struct Count(pub RangeInclusive<u64>);

impl Expects for Count {
    fn expects(&self) -> String {
        format!("a whole number from {} to {}", self.0.start(), self.0.end())
    }
}

impl<T> Kind<T> for Count
where
    T: TryFrom<u64> + Copy,
    u64: TryFrom<T>,
{
    fn read(&self, text: &str) -> Option<T> {
        let count = text.replace('_', "").parse().ok()?;
        self.0.contains(&count).then(|| T::try_from(count).ok())?
    }

    fn show(&self, value: &T) -> String {
        u64::try_from(*value).unwrap_or(u64::MAX).to_string()
    }

    fn show_toml(&self, value: &T) -> String {
        self.show(value)
    }
}

/// Binary units, largest first.
const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A number of bytes, with or without a unit.
pub(super) struct Bytes(pub RangeInclusive<u64>);

impl Expects for Bytes {
    fn expects(&self) -> String {
        let (least, most) = (bytes(*self.0.start()), bytes(*self.0.end()));
        format!("bytes from {least} to {most}, such as 1048576, 512KiB or 64MiB")
    }
}

impl Kind<u64> for Bytes {
    fn read(&self, text: &str) -> Option<u64> {
        let (digits, unit) = UNITS
            .iter()
            .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))
            .unwrap_or((text, 1));
        let count = digits.trim_end().parse::<u64>().ok()?.checked_mul(unit)?;
        self.0.contains(&count).then_some(count)
    }

    fn show(&self, value: &u64) -> String {
        bytes(*value)
    }
}

fn bytes(count: u64) -> String {
    let whole = UNITS.iter().find(|(_, unit)| count >= *unit && count.is_multiple_of(*unit));
    let (name, unit) = whole.unwrap_or(&("B", 1));
    format!("{}{name}", count / unit)
}

/// A length of time, in seconds where no unit is given.
pub(super) struct Seconds(pub RangeInclusive<f64>);

impl Expects for Seconds {
    fn expects(&self) -> String {
        format!("a time from {}s to {}s, such as 30, 1.5s or 500ms", self.0.start(), self.0.end())
    }
}

impl Kind<Duration> for Seconds {
    fn read(&self, text: &str) -> Option<Duration> {
        let (digits, unit) = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)]
            .into_iter()
            .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))
            .unwrap_or((text, 1.0));
        let seconds = digits.trim_end().parse::<f64>().ok()? * unit;
        self.0.contains(&seconds).then(|| Duration::try_from_secs_f64(seconds).ok())?
    }

    fn show(&self, value: &Duration) -> String {
        format!("{}s", value.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_with_any_unit_and_show_with_the_largest_whole_one() {
        let kind = Bytes(1..=1 << 40);
        for (text, count, shown) in [
            ("64MiB", 64 << 20, "64MiB"),
            ("1536 KiB", 1536 << 10, "1536KiB"),
            ("1000", 1000, "1000B"),
            ("2048B", 2048, "2KiB"),
        ] {
            assert_eq!(kind.read(text), Some(count), "{text}");
            assert_eq!(kind.show(&count), shown);
        }
        for bad in ["", "-1", "0", "1.5MiB", "64MB", "99999999999GiB", "MiB"] {
            assert_eq!(kind.read(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_read_with_a_unit_or_in_seconds() {
        let kind = Seconds(0.0..=3600.0);
        for (text, milliseconds) in
            [("30", 30_000), ("1.5s", 1500), ("500ms", 500), ("2m", 120_000)]
        {
            assert_eq!(kind.read(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for bad in ["", "s", "-1s", "NaN", "inf", "2h", "1 week"] {
            assert_eq!(kind.read(bad), None, "{bad}");
        }
    }

    #[test]
    fn counts_stay_in_their_range_and_their_type() {
        let read = |text: &str| Kind::<u16>::read(&Count(1..=1_000_000), text);
        assert_eq!(read("6_000"), Some(6000));
        for bad in ["0", "70000", "-1", "1.0", "ten", ""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
