//! Huffman codes and bits of a JPEG scan (ITU-T T.81, annexes C and F.2.2), strictly: a code that
//! does not exist and data that end too soon are errors, where most decoders guess on.

use crate::intake::scan::damage;
use crate::model::Damage;

/// Bits looked up at once; longer codes take the slow path.
const QUICK: u32 = 9;

/// One Huffman table.
pub(crate) struct Table {
    /// For every prefix of [`QUICK`] bits: code length and symbol, length 0 when longer.
    quick: Vec<(u8, u8)>,
    /// For every code length: one past the largest code, aligned to 16 bits.
    limit: [u32; 17],
    /// For every code length: what to subtract from a code to find its symbol's index.
    offset: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// Builds the table of a DHT segment: how many codes of each length, and their symbols.
    ///
    /// # Errors
    /// `SCN-014` when there are more codes than bits allow.
    pub(crate) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Table, Damage> {
        let mut quick = vec![(0, 0); 1 << QUICK];
        let (mut limit, mut offset) = ([0; 17], [0; 17]);
        let (mut code, mut index) = (0_u32, 0_usize);
        for length in 1..=16_u32 {
            let count = u32::from(counts[length as usize - 1]);
            offset[length as usize] = i32::try_from(index).unwrap_or(0) - i32::try_from(code).unwrap_or(0);
            for _ in 0..count {
                let symbol = *symbols.get(index).ok_or_else(|| damage::corrupt("a short Huffman table"))?;
                if code >= 1 << length {
                    return Err(damage::corrupt("a Huffman table with too many codes"));
                }
                if length <= QUICK {
                    let start = (code << (QUICK - length)) as usize;
                    #[allow(clippy::cast_possible_truncation, reason = "a length is at most 16")]
                    quick[start..start + (1 << (QUICK - length))].fill((length as u8, symbol));
                }
                code += 1;
                index += 1;
            }
            limit[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(Table { quick, limit, offset, symbols: symbols[..index].to_vec() })
    }
}

/// The bits of a scan's data, to the next marker that is not a restart.
pub(crate) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// Begins at the start of `data`.
    pub(crate) fn new(data: &'a [u8]) -> Bits<'a> {
        Bits { data, at: 0, buffer: 0, count: 0 }
    }

    #[inline]
    fn fill(&mut self) {
        while self.count <= 56 {
            let Some(byte) = self.data.get(self.at) else { return };
            if *byte == 0xFF {
                if self.data.get(self.at + 1) != Some(&0) {
                    return;
                }
                self.at += 1;
            }
            self.at += 1;
            self.buffer = self.buffer << 8 | u64::from(*byte);
            self.count += 8;
        }
    }

    /// The next `count` bits, at most 16, as a number.
    ///
    /// # Errors
    /// `SCN-014` when there are no more.
    #[inline]
    pub(crate) fn take(&mut self, count: u32) -> Result<u32, Damage> {
        if self.count < count {
            self.fill();
            if self.count < count {
                return Err(short());
            }
        }
        self.count -= count;
        let mask = (1_u64 << count) - 1;
        #[allow(clippy::cast_possible_truncation, reason = "at most 16 bits are left after the mask")]
        Ok((self.buffer >> self.count & mask) as u32)
    }

    /// The next symbol.
    ///
    /// # Errors
    /// `SCN-014` when the bits are no code of the table, or there are no more.
    #[inline]
    pub(crate) fn symbol(&mut self, table: &Table) -> Result<u8, Damage> {
        if self.count < 16 {
            self.fill();
        }
        #[allow(clippy::cast_possible_truncation, reason = "16 bits are left after the mask")]
        let next = if self.count >= 16 {
            (self.buffer >> (self.count - 16) & 0xFFFF) as u32
        } else {
            // Near the end: what is missing reads as ones, the padding of T.81, F.1.2.3.
            let missing = 16 - self.count;
            ((self.buffer << missing | ((1 << missing) - 1)) & 0xFFFF) as u32
        };
        let (length, symbol) = table.quick[(next >> (16 - QUICK)) as usize];
        let (length, symbol) = if length > 0 {
            (u32::from(length), symbol)
        } else {
            let length = (QUICK + 1..=16).find(|length| next < table.limit[*length as usize]);
            let length = length.ok_or_else(|| damage::corrupt("bits that are no Huffman code"))?;
            let code = i32::try_from(next >> (16 - length)).unwrap_or(0);
            let index = usize::try_from(code + table.offset[length as usize]).unwrap_or(usize::MAX);
            let symbol = table.symbols.get(index);
            (length, *symbol.ok_or_else(|| damage::corrupt("bits that are no Huffman code"))?)
        };
        if length > self.count {
            return Err(short());
        }
        self.count -= length;
        Ok(symbol)
    }

    /// A signed number of `size` bits (T.81, F.2.2.1, EXTEND).
    #[inline]
    pub(crate) fn signed(&mut self, size: u32) -> Result<i32, Damage> {
        if size == 0 {
            return Ok(0);
        }
        let value = i32::try_from(self.take(size)?).unwrap_or(0);
        Ok(if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value })
    }

    /// Goes to the restart marker that must be next, and past it.
    ///
    /// # Errors
    /// `SCN-014` when another marker, or data, come instead.
    pub(crate) fn restart(&mut self, number: u8) -> Result<(), Damage> {
        self.finish()?;
        while self.data.get(self.at) == Some(&0xFF) && self.data.get(self.at + 1) == Some(&0xFF) {
            self.at += 1;
        }
        if self.data.get(self.at + 1) != Some(&(0xD0 + number)) {
            return Err(damage::corrupt("a restart out of order"));
        }
        self.at += 2;
        Ok(())
    }

    /// Checks that the data end here, give or take the bits that fill a byte and one byte that
    /// fills a word, as some scanners write.
    ///
    /// # Errors
    /// `SCN-014` when picture data are left over.
    pub(crate) fn finish(&mut self) -> Result<(), Damage> {
        self.fill();
        let left = self.count;
        self.count = 0;
        self.buffer = 0;
        let at_marker =
            self.data.get(self.at).is_none_or(|byte| *byte == 0xFF) && self.data.get(self.at + 1) != Some(&0);
        if left >= 16 || !at_marker {
            return Err(damage::corrupt("picture data left over after the last block"));
        }
        Ok(())
    }
}

fn short() -> Damage {
    damage::corrupt("picture data end before the picture does")
}
