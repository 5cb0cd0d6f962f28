//! TIFF files written tag by tag, so that each tag can be wrong.

/// Numbers of 16 bits or of 32.
pub(crate) enum Values {
    Short(Vec<u16>),
    Long(Vec<u32>),
}

/// One page; `StripOffsets` and `StripByteCounts` are added for `pixels`.
pub(crate) struct Page {
    pub(crate) tags: Vec<(u16, Values)>,
    pub(crate) pixels: Vec<u8>,
    /// Equal parts into which the pixels are cut.
    pub(crate) strips: u32,
}

impl Page {
    /// An uncompressed page in one strip.
    pub(crate) fn new(
        (width, height): (u32, u32),
        bits: &[u16],
        photometric: u16,
        pixels: Vec<u8>,
    ) -> Self {
        let samples = u16::try_from(bits.len()).unwrap();
        let tags = vec![
            (256, Values::Long(vec![width])),
            (257, Values::Long(vec![height])),
            (258, Values::Short(bits.to_vec())),
            (259, Values::Short(vec![1])),
            (262, Values::Short(vec![photometric])),
            (277, Values::Short(vec![samples])),
            (278, Values::Long(vec![height])),
        ];
        Self { tags, pixels, strips: 1 }
    }

    /// With one more tag of one short number.
    pub(crate) fn with(mut self, tag: u16, value: u16) -> Self {
        self.tags.push((tag, Values::Short(vec![value])));
        self
    }
}

/// A little-endian file of these pages.
pub(crate) fn file(pages: Vec<Page>) -> Vec<u8> {
    let mut bytes = b"II\x2a\0\0\0\0\0".to_vec();
    let mut link = 4;
    for mut page in pages {
        let start = length(&bytes);
        let strip = length(&page.pixels) / page.strips;
        let offsets = (0..page.strips).map(|i| start + i * strip).collect();
        page.tags.push((273, Values::Long(offsets)));
        page.tags.push((279, Values::Long(vec![strip; page.strips as usize])));
        page.tags.sort_by_key(|(tag, _)| *tag);
        bytes.extend(page.pixels);
        let mut entries = Vec::new();
        for (tag, values) in &page.tags {
            let (kind, count, mut data) = match values {
                Values::Short(v) => {
                    (3_u16, v.len(), v.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
                }
                Values::Long(v) => (4, v.len(), v.iter().flat_map(|v| v.to_le_bytes()).collect()),
            };
            if data.len() > 4 {
                let offset = length(&bytes).to_le_bytes().to_vec();
                bytes.extend(std::mem::replace(&mut data, offset));
            }
            data.resize(4, 0);
            entries.extend(tag.to_le_bytes());
            entries.extend(kind.to_le_bytes());
            entries.extend(u32::try_from(count).unwrap().to_le_bytes());
            entries.extend(data);
        }
        if bytes.len() % 2 == 1 {
            bytes.push(0);
        }
        let directory = length(&bytes).to_le_bytes();
        bytes[link..link + 4].copy_from_slice(&directory);
        bytes.extend(u16::try_from(page.tags.len()).unwrap().to_le_bytes());
        bytes.extend(entries);
        link = bytes.len();
        bytes.extend([0; 4]);
    }
    bytes
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}
