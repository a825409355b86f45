//! Pixels between a decoder and the encoder.

use crate::intake::scan::damage;
use crate::model::Damage;

/// A picture's pixels, rows one after another.
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// 1 (a set bit is white; rows end on a byte) or 8.
    pub(crate) bits: u8,
    /// 1 grey or 3 RGB; 1 when `bits` is 1.
    pub(crate) components: u8,
    pub(crate) data: Vec<u8>,
}

impl Raster {
    /// An empty raster with memory for its pixels, refused politely when there is none.
    ///
    /// # Errors
    /// `DEC-003` when the memory this process may have does not suffice.
    pub(crate) fn empty(width: u32, height: u32, bits: u8, components: u8) -> Result<Raster, Damage> {
        let mut raster = Raster { width, height, bits, components, data: Vec::new() };
        let size = raster.stride().checked_mul(height as usize).ok_or_else(too_large)?;
        raster.data.try_reserve_exact(size).map_err(|_| too_large())?;
        Ok(raster)
    }

    /// Bytes a row.
    pub(crate) fn stride(&self) -> usize {
        (self.width as usize * usize::from(self.bits) * usize::from(self.components)).div_ceil(8)
    }

    /// Whether all its rows are there.
    ///
    /// # Errors
    /// `SCN-014` when some are not.
    pub(crate) fn whole(self) -> Result<Raster, Damage> {
        if self.data.len() == self.stride() * self.height as usize {
            Ok(self)
        } else {
            Err(damage::corrupt("rows are missing"))
        }
    }

    /// The same picture in grey when it has no colour, in bits when it is black and white only.
    pub(crate) fn plain(mut self) -> Raster {
        if self.bits == 8
            && self.components == 3
            && self.data.chunks_exact(3).all(|rgb| rgb[0] == rgb[1] && rgb[1] == rgb[2])
        {
            let pixels = self.data.len() / 3;
            for at in 0..pixels {
                self.data[at] = self.data[at * 3];
            }
            self.data.truncate(pixels);
            self.components = 1;
        }
        if self.bits == 8 && self.components == 1 && self.data.iter().all(|value| matches!(value, 0 | 255)) {
            let width = self.width as usize;
            let stride = width.div_ceil(8);
            for row in 0..self.height as usize {
                for byte in 0..stride {
                    let pixels = &self.data[row * width + byte * 8..row * width + width.min(byte * 8 + 8)];
                    let bits =
                        pixels.iter().enumerate().fold(0, |bits, (at, value)| bits | value & (0x80 >> at));
                    // Never ahead of what is still to be read: eight bytes go into one.
                    self.data[row * stride + byte] = bits;
                }
            }
            self.data.truncate(stride * self.height as usize);
            self.bits = 1;
        }
        self
    }
}

/// A picture that does not fit in the memory there is.
pub(crate) fn too_large() -> Damage {
    Damage { code: "DEC-003".to_owned(), detail: "the decoder needs more memory than it may have".to_owned() }
}
