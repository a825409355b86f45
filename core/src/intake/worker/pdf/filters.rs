//! A stream's filters: which are wrapping and can be taken off without loss, and which is the
//! picture's own.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;
use hayro_syntax::Filter;
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};

/// Bytes a wrapping may open to.
const MOST: u64 = 1 << 30;

/// A stream's bytes with all filters undone, for content streams, profiles and palettes. zlib is
/// read to its checksum: content that ends early would show a page in part.
pub(crate) fn decoded<'a>(stream: &Stream<'a>) -> Option<Cow<'a, [u8]>> {
    match unwrapped(stream) {
        Some(Unwrapped { bytes, filter: Some(Filter::FlateDecode), params, .. })
            if params.get::<u8>(b"Predictor").unwrap_or(1) <= 1 =>
        {
            inflated(&bytes).map(Cow::Owned)
        }
        _ => length_holds(stream).then(|| stream.decoded_data().ok()).flatten(),
    }
}

/// Whether the stream has as many bytes as it says. Where it says nothing that can be read, the
/// reader has looked for its end, which is as good.
pub(crate) fn length_holds(stream: &Stream<'_>) -> bool {
    let stated = stream.dict().get::<u32>(b"Length");
    stated.is_none_or(|stated| u64::from(stated) == held(stream))
}

/// Bytes between `stream` and `endstream`.
fn held(stream: &Stream<'_>) -> u64 {
    // Decryption changes the length; then the reader's word has to do.
    match stream.raw_data() {
        Cow::Borrowed(bytes) => bytes.len() as u64,
        Cow::Owned(_) => stream.dict().get::<u32>(b"Length").map_or(0, u64::from),
    }
}

/// A stream down to its last filter.
pub(crate) struct Unwrapped<'a> {
    /// The bytes under the last filter.
    pub(crate) bytes: Cow<'a, [u8]>,
    /// The last filter; none for pixels as they are.
    pub(crate) filter: Option<Filter>,
    /// Its parameters.
    pub(crate) params: Dict<'a>,
    /// Whether something was taken off.
    pub(crate) wrapped: bool,
}

/// Takes off all filters but the last. None when one cannot be taken off.
pub(crate) fn unwrapped<'a>(stream: &Stream<'a>) -> Option<Unwrapped<'a>> {
    let (filters, params) = listed(stream)?;
    let mut bytes = stream.raw_data();
    let wrapping = filters.len().saturating_sub(1);
    for (filter, params) in filters.iter().zip(&params).take(wrapping) {
        bytes = match filter {
            Filter::FlateDecode if params.get::<u8>(b"Predictor").unwrap_or(1) <= 1 => {
                Cow::Owned(inflated(&bytes)?)
            }
            Filter::AsciiHexDecode => Cow::Owned(hexadecimal(&bytes)?),
            Filter::Ascii85Decode => Cow::Owned(base85(&bytes)?),
            // Decryption has been done by the time the bytes are here.
            Filter::Crypt => bytes,
            _ => return None,
        };
    }
    let filter = filters.last().copied().filter(|filter| *filter != Filter::Crypt);
    let params = params.into_iter().last().unwrap_or_default();
    Some(Unwrapped { bytes, filter, params, wrapped: wrapping > 0 })
}

/// The filters with their parameters; none when one is not known or kept in another file.
fn listed<'a>(stream: &Stream<'a>) -> Option<(Vec<Filter>, Vec<Dict<'a>>)> {
    let dict = stream.dict();
    let names: Vec<Name<'_>> = match dict.get::<Object<'_>>(b"Filter") {
        None | Some(Object::Null(_)) => Vec::new(),
        Some(Object::Name(name)) => vec![name],
        Some(Object::Array(names)) => names.iter::<Name<'_>>().collect(),
        Some(_) => return None,
    };
    let filters = stream.filters().to_vec();
    if filters.len() != names.len() || dict.contains_key(b"F") {
        return None;
    }
    let mut params: Vec<Dict<'a>> = match dict.get::<Object<'a>>(b"DecodeParms") {
        Some(Object::Dict(params)) => vec![params],
        Some(Object::Array(params)) => read_params(&params),
        _ => Vec::new(),
    };
    params.resize_with(filters.len(), Dict::default);
    Some((filters, params))
}

fn read_params<'a>(params: &Array<'a>) -> Vec<Dict<'a>> {
    params
        .iter::<Object<'a>>()
        .map(|params| if let Object::Dict(params) = params { params } else { Dict::default() })
        .collect()
}

fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut output = Vec::new();
    ZlibDecoder::new(bytes).take(MOST).read_to_end(&mut output).ok()?;
    Some(output)
}

fn hexadecimal(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = memchr::memchr(b'>', bytes).unwrap_or(bytes.len());
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits = bytes[..end]
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace() && **byte != 0)
        .map(digit)
        .collect::<Option<Vec<u8>>>()?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect())
}

/// ASCII85 (ISO 32000-1, 7.4.3).
fn base85(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut output = Vec::with_capacity(bytes.len() / 5 * 4);
    let (mut value, mut count) = (0_u32, 0);
    let mut ended = false;
    for byte in bytes {
        match byte {
            b'~' => {
                ended = true;
                break;
            }
            b'z' if count == 0 => output.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => {
                value = value.checked_mul(85)?.checked_add(u32::from(byte - b'!'))?;
                count += 1;
                if count == 5 {
                    output.extend_from_slice(&value.to_be_bytes());
                    (value, count) = (0, 0);
                }
            }
            _ if byte.is_ascii_whitespace() || *byte == 0 => {}
            _ => return None,
        }
    }
    if count == 1 || !ended {
        return None;
    }
    if count > 1 {
        for _ in count..5 {
            value = value.checked_mul(85)?.checked_add(84)?;
        }
        output.extend_from_slice(&value.to_be_bytes()[..count - 1]);
    }
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::{base85, hexadecimal};

    #[test]
    fn wrappings_open_to_the_bytes_within() {
        assert_eq!(hexadecimal(b"FFd8 f\n>rest").as_deref(), Some(&[0xFF, 0xD8, 0xF0][..]));
        assert_eq!(hexadecimal(b"FFx8>"), None);
        assert_eq!(base85(b"87cURD]i,\"Ebo7~>").as_deref(), Some(&b"Hello World"[..11]));
        assert_eq!(base85(b"z~>").as_deref(), Some(&[0; 4][..]));
        assert_eq!(base85(b"87cUR"), None, "no end");
        assert_eq!(base85(b"s8W-\"~>"), None, "more than 32 bits");
        assert_eq!(base85(b"8~>"), None, "half a byte");
    }
}
