//! CRC-32 of a concatenation from the CRC-32 of its parts.

/// The reflected polynomial of CRC-32 (IEEE 802.3, used by ZIP and PNG).
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// `POWERS[k]` is x^(8·2^k) modulo the polynomial: appending 2^k zero bytes multiplies by it.
const POWERS: [u32; 64] = powers();

/// The CRC-32 of `A ‖ B`, from `crc32(A)`, `crc32(B)` and the length of `B` in bytes.
///
/// Appending `n` bytes multiplies A's remainder by x^(8n); the multiplication costs 32 steps for
/// each bit set in `n`, so a fraction of a microsecond for the length of a scan.
pub fn combine(first: u32, second: u32, second_length: u64) -> u32 {
    let mut shifted = first;
    let mut rest = second_length;
    let mut power = 0;
    while rest != 0 && shifted != 0 {
        if rest & 1 == 1 {
            shifted = multiply(shifted, POWERS[power]);
        }
        rest >>= 1;
        power += 1;
    }
    shifted ^ second
}

/// Product of two polynomials modulo the CRC polynomial, bits reflected.
const fn multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    let mut bit = 1 << 31;
    while bit != 0 {
        if a & bit != 0 {
            product ^= b;
        }
        b = if b & 1 == 1 { (b >> 1) ^ POLYNOMIAL } else { b >> 1 };
        bit >>= 1;
    }
    product
}

const fn powers() -> [u32; 64] {
    let mut table = [0; 64];
    // x^8 in reflected form: bit 31 is x^0, so bit 23 is x^8.
    table[0] = 1 << 23;
    let mut k = 1;
    while k < 64 {
        table[k] = multiply(table[k - 1], table[k - 1]);
        k += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::combine;

    proptest! {
        #[test]
        fn the_crc_of_a_concatenation_follows_from_its_parts(a: Vec<u8>, b in prop::collection::vec(any::<u8>(), 0..5000)) {
            let whole = [a.as_slice(), b.as_slice()].concat();
            let folded = combine(crc32fast::hash(&a), crc32fast::hash(&b), b.len() as u64);
            prop_assert_eq!(folded, crc32fast::hash(&whole));
        }
    }
}
