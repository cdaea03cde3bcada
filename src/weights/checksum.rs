//! Checksums: 64-bit XXH3 of the header and of the data of each tensor. The header is verified when a file is opened, and
//! a tensor when it is read. Checksums detect damage by disks and copies, but not forgery.
//!
//! They are in one string of the metadata, [`CHECKSUMS`]: 16 hexadecimal digits for the header, then 16 for each tensor in
//! the order of their data. The header's checksum is computed with zeros in place of all digits of this string.

use super::header::{CHECKSUMS, DIGITS, FORMAT, FORMAT_NOW, Header};
use xxhash_rust::xxh3::xxh3_64;

/// The message for a damaged header. A file that another program has changed also gets it.
const DIFFERS: &str = "damaged: its header does not match its checksum (a program that changes the file must leave out \
    the metadata `thunder.checksums` and `thunder.format`)";

/// The checksum of a tensor's data.
pub(super) fn of_data(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// The digits of the checksums before they are known.
pub(super) fn blank(tensors: usize) -> String {
    "0".repeat(DIGITS * (tensors + 1))
}

/// Writes the checksums into a header.
pub(super) fn fill(header: &mut [u8], data: &[u64]) {
    let Some(at) = place(header) else { return };
    for (i, sum) in data.iter().enumerate() {
        header[at + DIGITS * (i + 1)..][..DIGITS].copy_from_slice(digits(*sum).as_bytes());
    }
    let own = digits(xxh3_64(header));
    header[at..][..DIGITS].copy_from_slice(own.as_bytes());
}

/// The checksums of the tensors' data; `None` for a file without checksums.
///
/// # Errors
/// The header does not match its checksum.
pub(super) fn verify(raw: &mut [u8], header: &Header) -> Result<Option<Vec<u64>>, String> {
    let (format, sums) = (header.text(FORMAT), header.text(CHECKSUMS));
    let (format, sums) = match (format, sums) {
        (None, None) => return Ok(None),
        (Some(format), Some(sums)) => (format, sums),
        _ => return Err(DIFFERS.into()),
    };
    if format != FORMAT_NOW {
        return Err(format!("of a later thunder: format {format}, and this one reads {FORMAT_NOW}"));
    }
    let tensors = header.len();
    let (Some(at), true) = (place(raw), sums.len() == DIGITS * (tensors + 1)) else {
        return Err(DIFFERS.into());
    };
    let Some(own) = raw.get_mut(at..at + DIGITS) else { return Err(DIFFERS.into()) };
    let stated = own.to_vec();
    own.fill(b'0');
    if digits(xxh3_64(raw)).as_bytes() != stated {
        return Err(DIFFERS.into());
    }
    let read =
        |i: usize| sums.get(DIGITS * i..DIGITS * (i + 1)).and_then(|d| u64::from_str_radix(d, 16).ok());
    (1..=tensors).map(read).collect::<Option<Vec<u64>>>().map(Some).ok_or_else(|| DIFFERS.into())
}

fn digits(sum: u64) -> String {
    format!("{sum:016x}")
}

/// The position of the digits in a header's text. JSON escapes quotes in strings, so this text can't be part of a string.
fn place(header: &[u8]) -> Option<usize> {
    let before = format!("\"{CHECKSUMS}\":\"");
    let at = header.windows(before.len()).position(|w| w == before.as_bytes())?;
    Some(at + before.len())
}
