//! The small pictures that EXIF blocks carry of their picture.
//!
//! EXIF 2.32, 4.5.8: the second directory of the block is that of a thumbnail, whose bytes lie
//! where its entries say. Makers of cameras hide larger ones in notes of their own.

use std::ops::Range;

/// Bytes of an entry of a directory.
const ENTRY: usize = 12;
/// Directories of the longest chain that is followed.
const LONGEST_CHAIN: usize = 8;
/// What every JPEG file begins with.
const JPEG: &[u8] = &[0xff, 0xd8, 0xff];

/// Entries that say where a picture lies, and how long it is: compressed, or in strips.
const PLACES: [(u16, u16); 2] = [(0x0201, 0x0202), (0x0111, 0x0117)];

/// Takes all small pictures out of a block; `false` if they cannot be told from the rest.
pub(super) fn remove(exif: &mut [u8]) -> bool {
    let Some(found) = Block(exif).previews() else { return false };
    if let Some(link) = found.link {
        exif[link..link + 4].fill(0);
    }
    for range in found.ranges {
        exif[range].fill(0);
    }
    !exif.windows(JPEG.len()).any(|bytes| bytes == JPEG)
}

/// Where the pictures of a block lie.
#[derive(Default)]
struct Previews {
    /// The place of the offset that leads to their directories.
    link: Option<usize>,
    /// Their directories and their bytes.
    ranges: Vec<Range<usize>>,
}

struct Block<'a>(&'a [u8]);

impl Block<'_> {
    /// `None` if the block is not one.
    fn previews(&self) -> Option<Previews> {
        if self.short(2)? != 42 {
            return None;
        }
        let (first, mut found) = (self.offset(4)?, Previews::default());
        // The picture's own directory; everything up to its end has to stay.
        let link = self.end(first)?;
        // Some writers leave out that there is no other directory.
        let mut next = if link == self.0.len() { 0 } else { self.offset(link)? };
        for _ in 0..LONGEST_CHAIN {
            if next == 0 {
                return Some(found);
            }
            found.link = Some(link);
            let end = self.end(next)?;
            for (start, length) in PLACES {
                let ranges =
                    self.numbers(next, start)?.into_iter().zip(self.numbers(next, length)?);
                for (start, length) in ranges {
                    found.ranges.push(self.within(start..start.checked_add(length)?)?);
                }
            }
            let following = self.offset(end)?;
            found.ranges.push(self.within(next..end + 4)?);
            next = following;
        }
        None
    }

    /// The range, if it lies in the block and touches neither its header nor the directory of the
    /// picture itself.
    fn within(&self, range: Range<usize>) -> Option<Range<usize>> {
        let first = self.offset(4)?;
        let kept = [0..8, first..self.end(first)? + 4];
        let is_free = |kept: &Range<usize>| range.end <= kept.start || range.start >= kept.end;
        (range.end <= self.0.len() && kept.iter().all(is_free)).then_some(range)
    }

    /// Where the entries of a directory end, and the offset of the next one lies.
    fn end(&self, directory: usize) -> Option<usize> {
        let count = usize::from(self.short(directory)?);
        directory.checked_add(2 + count * ENTRY)
    }

    /// The values of an entry of a directory; none if it has no such entry.
    fn numbers(&self, directory: usize, tag: u16) -> Option<Vec<usize>> {
        let end = self.end(directory)?;
        for entry in (directory + 2..end).step_by(ENTRY) {
            if self.short(entry)? != tag {
                continue;
            }
            let count = self.offset(entry + 4)?;
            let size = if self.short(entry + 2)? == 3 { 2 } else { 4 };
            let length = count.checked_mul(size)?;
            let place = if length <= 4 { entry + 8 } else { self.offset(entry + 8)? };
            // Checked before anything is set aside for so many.
            self.0.get(place..place.checked_add(length)?)?;
            return (0..count)
                .map(|index| match size {
                    2 => self.short(place + 2 * index).map(usize::from),
                    _ => self.offset(place + 4 * index),
                })
                .collect();
        }
        Some(Vec::new())
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.0.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_little()? { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn offset(&self, at: usize) -> Option<usize> {
        let bytes = self.0.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let number =
            if self.is_little()? { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
        usize::try_from(number).ok()
    }

    fn is_little(&self) -> Option<bool> {
        match self.0.get(..2)? {
            b"II" => Some(true),
            b"MM" => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A block with one entry for the picture and a thumbnail, in either order of bytes.
    fn block(is_little: bool, thumbnail: &[u8]) -> Vec<u8> {
        let short = |n: u16| if is_little { n.to_le_bytes() } else { n.to_be_bytes() };
        let long = |n: usize| {
            let n = u32::try_from(n).unwrap();
            if is_little { n.to_le_bytes() } else { n.to_be_bytes() }
        };
        let entry =
            |tag, value: usize| [&short(tag)[..], &short(4), &long(1), &long(value)].concat();
        let mut block = if is_little { b"II".to_vec() } else { b"MM".to_vec() };
        block.extend(short(42));
        block.extend(long(8));
        // The width of the picture, then the thumbnail's directory at 26.
        block.extend(short(1));
        block.extend(entry(0x0100, 640));
        block.extend(long(26));
        block.extend(short(2));
        block.extend(entry(0x0201, 56));
        block.extend(entry(0x0202, thumbnail.len()));
        block.extend(long(0));
        assert_eq!(block.len(), 56);
        block.extend(thumbnail);
        block
    }

    #[test]
    fn nothing_of_a_thumbnail_is_left_and_everything_else_is() {
        for is_little in [true, false] {
            let thumbnail = [JPEG, b"what was to be hidden"].concat();
            let mut exif = block(is_little, &thumbnail);
            let picture = exif[..22].to_vec();
            assert!(remove(&mut exif));
            assert_eq!(exif[..22], picture);
            assert!(exif[22..].iter().all(|byte| *byte == 0), "{exif:?}");
            let again = exif.clone();
            assert!(remove(&mut exif));
            assert_eq!(exif, again);
        }
    }

    #[test]
    fn a_preview_in_a_place_that_nobody_knows_is_found_out() {
        let mut exif = block(true, b"");
        exif.extend([b"a note of a maker", JPEG].concat());
        assert!(!remove(&mut exif));
    }

    #[test]
    fn a_block_that_lies_about_its_places_is_given_up() {
        let good = block(true, b"thumbnail");
        // Where the thumbnail lies: in the header, past the end, in the picture's own directory.
        // Where directories follow: past the end, and round in a circle.
        for (at, value) in [(36, 0), (36, 4000), (36, 12), (22, 4000), (52, 26)] {
            let mut bad = good.clone();
            bad[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
            assert!(!remove(&mut bad), "{at} {value}");
        }
        for bad in [&b""[..], b"II", b"II*\0", b"JUNK and more of it", &good[..30]] {
            assert!(!remove(&mut bad.to_vec()), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_change_of_a_few_bytes_makes_it_fail(
            changes in prop::collection::vec((0..70_usize, any::<u8>()), 0..12),
        ) {
            let mut exif = block(true, b"a thumbnail of a few bytes");
            for (at, byte) in changes {
                if let Some(place) = exif.get_mut(at) {
                    *place = byte;
                }
            }
            let length = exif.len();
            remove(&mut exif);
            prop_assert_eq!(exif.len(), length);
        }
    }
}
