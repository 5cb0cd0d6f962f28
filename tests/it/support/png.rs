//! PNG files written chunk by chunk, so that each chunk can be wrong.

/// The colour type byte of the header.
pub(crate) const GREY: u8 = 0;
/// The colour type byte of the header.
pub(crate) const RGB: u8 = 2;
/// The colour type byte of the header.
pub(crate) const PALETTE: u8 = 3;

/// A file of these chunks; checksums are added.
pub(crate) fn file(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in chunks {
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let body = [&kind[..], data].concat();
        bytes.extend(&body);
        bytes.extend(crc32(&body).to_be_bytes());
    }
    bytes
}

/// The data of a header chunk.
pub(crate) fn header(width: u32, height: u32, bits: u8, color: u8, interlaced: bool) -> Vec<u8> {
    let mut data = [width.to_be_bytes(), height.to_be_bytes()].concat();
    data.extend([bits, color, 0, 0, interlaced.into()]);
    data
}

/// A zlib stream that holds the data as it is.
pub(crate) fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = data.chunks(65_535).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        stream.push(blocks.peek().is_none().into());
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    let (a, b) = data.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    });
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

/// A zlib stream of `258 * repeats + 1` zeros in 13 bits for every 258 of them.
pub(crate) fn bomb(repeats: u32) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x78, 0x01], filled: 0 };
    // Last block, fixed codes.
    bits.push(&[1, 1, 0]);
    // The byte 0; then "258 bytes from one byte before" again and again; then the end.
    bits.push(&[0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..repeats {
        bits.push(&[1, 1, 0, 0, 0, 1, 0, 1]);
        bits.push(&[0; 5]);
    }
    bits.push(&[0; 7]);
    let count = (u64::from(repeats) * 258 + 1) % 65_521;
    bits.bytes.extend((u32::try_from(count).unwrap() << 16 | 1).to_be_bytes());
    bits.bytes
}

struct Bits {
    bytes: Vec<u8>,
    filled: u32,
}

impl Bits {
    fn push(&mut self, bits: &[u8]) {
        for bit in bits {
            if self.filled == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= bit << self.filled;
            self.filled = (self.filled + 1) % 8;
        }
    }
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc: u32, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}
