//! Undoes the compression of a body, up to a bound that is set before anything is allocated. A small body can stand for a huge one;
//! what it would be beyond the bound is never made. A large one lets others have a turn on the way.
//!
//! The library runs without unsafe code. Left to the caller: the room for what comes out (`room`).

use std::io::Read as _;

use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::encoding::Compression;

/// How much is made at once: a fraction of a millisecond, then others have a turn.
const STEP: usize = 64 * 1024;
/// Streams of gzip, one behind the other, that one body may hold. More would only cost time.
const MAX_MEMBERS: usize = 1000;

/// Why a body could not be decompressed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum InflateError {
    /// It is longer than the bound.
    #[error("the decompressed body is too large")]
    TooLong,
    /// It is no such stream, ends early, or something stands behind it.
    #[error("the compressed body is damaged")]
    Damaged,
}

/// Decompresses a body that comes to no more than `most` bytes.
pub(super) async fn inflate(compression: Compression, bytes: &[u8], most: usize) -> Result<Vec<u8>, InflateError> {
    let mut stream = Stream::new(compression, bytes);
    let mut body = Vec::with_capacity(most);
    loop {
        let start = body.len();
        if start == most {
            return if stream.read(&mut [0])? == 0 { Ok(body) } else { Err(InflateError::TooLong) };
        }
        if start > 0 {
            tokio::task::yield_now().await;
        }
        body.resize(most.min(start + STEP), 0);
        let mut end = start;
        while let Some(free) = body.get_mut(end..).filter(|free| !free.is_empty()) {
            match stream.read(free)? {
                0 => {
                    body.truncate(end);
                    body.shrink_to_fit();
                    return Ok(body);
                }
                read => end += read,
            }
        }
    }
}

/// A compressed body that is being read.
enum Stream<'b> {
    Gzip { member: Box<GzDecoder<&'b [u8]>>, members: usize },
    Deflate { state: Decompress, rest: &'b [u8], ended: bool },
}

#[expect(clippy::disallowed_methods, reason = "capped: what is read goes into a buffer that does not grow")]
impl<'b> Stream<'b> {
    fn new(compression: Compression, bytes: &'b [u8]) -> Self {
        match compression {
            Compression::Gzip => Self::Gzip { member: Box::new(GzDecoder::new(bytes)), members: 1 },
            Compression::Deflate => {
                Self::Deflate { state: Decompress::new(has_zlib_frame(bytes)), rest: bytes, ended: false }
            }
        }
    }

    /// Fills some of `to`; 0 says that the stream has ended as it should.
    fn read(&mut self, to: &mut [u8]) -> Result<usize, InflateError> {
        match self {
            Self::Gzip { member, members } => loop {
                // At the end of a member this compares its length and checksum.
                let read = member.read(to).map_err(|_| InflateError::Damaged)?;
                let rest: &'b [u8] = member.get_ref();
                if read > 0 || rest.is_empty() {
                    return Ok(read);
                }
                if *members == MAX_MEMBERS {
                    return Err(InflateError::Damaged);
                }
                *members += 1;
                **member = GzDecoder::new(rest);
            },
            Self::Deflate { state, rest, ended } => {
                while !*ended {
                    let (before_in, before_out) = (state.total_in(), state.total_out());
                    let status = state.decompress(rest, to, FlushDecompress::None).map_err(|_| InflateError::Damaged)?;
                    let (taken, made) = (since(before_in, state.total_in()), since(before_out, state.total_out()));
                    *rest = rest.get(taken..).unwrap_or_default();
                    *ended = status == Status::StreamEnd;
                    if *ended && !rest.is_empty() {
                        return Err(InflateError::Damaged);
                    }
                    if made > 0 {
                        return Ok(made);
                    }
                    if taken == 0 && !*ended {
                        // All was read, and the stream wants more.
                        return Err(InflateError::Damaged);
                    }
                }
                Ok(0)
            }
        }
    }
}

fn since(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

/// Whether it begins as RFC 1950 says. No encoder begins a bare stream so: its first block would be one that is stored, with a bit
/// set where none is.
fn has_zlib_frame(bytes: &[u8]) -> bool {
    match bytes {
        [method, check, ..] => method & 0x8f == 0x08 && (u16::from(*method) * 256 + u16::from(*check)) % 31 == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const LEVEL: flate2::Compression = flate2::Compression::new(6);

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), LEVEL);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), LEVEL);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), LEVEL);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Every form, for these bytes.
    fn forms(bytes: &[u8]) -> [(Compression, Vec<u8>); 3] {
        [(Compression::Gzip, gzip(bytes)), (Compression::Deflate, zlib(bytes)), (Compression::Deflate, raw(bytes))]
    }

    fn undo(compression: Compression, bytes: &[u8], most: usize) -> Result<Vec<u8>, InflateError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(inflate(compression, bytes, most))
    }

    #[test]
    fn every_form_comes_back_up_to_its_last_byte() {
        for length in [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP] {
            let text: Vec<u8> = (0..=250).cycle().take(length).collect();
            for (compression, bytes) in forms(&text) {
                assert_eq!(undo(compression, &bytes, length.max(1)), Ok(text.clone()), "{compression:?} of {length}");
                assert_eq!(undo(compression, &bytes, 4 * STEP), Ok(text.clone()), "{compression:?} of {length}");
                if length > 0 {
                    assert_eq!(undo(compression, &bytes, length - 1), Err(InflateError::TooLong));
                }
            }
        }
    }

    #[test]
    fn e9_a_bomb_makes_no_more_than_the_bound() {
        const MOST: usize = 256 * 1024;
        let huge = vec![b' '; 64 * MOST];
        for (compression, bomb) in forms(&huge) {
            assert!(bomb.len() * 900 < huge.len());
            let mut result = None;
            let made = allocation_counter::measure(|| result = Some(undo(compression, &bomb, MOST)));
            assert_eq!(result, Some(Err(InflateError::TooLong)));
            assert!(made.bytes_max < MOST as u64 + 200 * 1024, "{compression:?}: {made:?}");
        }
    }

    #[test]
    fn e9_members_of_gzip_count_together() {
        let (a, b) = (vec![b'a'; 100_000], vec![b'b'; 100_000]);
        let both = [gzip(&a), gzip(b""), gzip(&b)].concat();
        assert_eq!(undo(Compression::Gzip, &both, 200_000), Ok([a, b].concat()));
        assert_eq!(undo(Compression::Gzip, &both, 199_999), Err(InflateError::TooLong));
        assert!(undo(Compression::Gzip, &gzip(b"").repeat(MAX_MEMBERS), 10).is_ok());
        assert_eq!(undo(Compression::Gzip, &gzip(b"").repeat(MAX_MEMBERS + 1), 10), Err(InflateError::Damaged));
    }

    #[test]
    fn a_stream_that_is_cut_or_followed_by_something_is_damaged() {
        let text: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
        for (compression, bytes) in forms(&text) {
            for end in [0, 1, 2, 10, bytes.len() / 2, bytes.len() - 1] {
                let cut = undo(compression, &bytes[..end], text.len());
                assert_eq!(cut, Err(InflateError::Damaged), "{compression:?} cut at {end}");
            }
            let followed = [bytes.as_slice(), b"and more"].concat();
            assert_eq!(undo(compression, &followed, text.len()), Err(InflateError::Damaged), "{compression:?}");
        }
    }

    #[test]
    fn a_wrong_checksum_is_noticed() {
        for (compression, mut bytes) in [(Compression::Gzip, gzip(b"text")), (Compression::Deflate, zlib(b"text"))] {
            let at = bytes.len() - if compression == Compression::Gzip { 5 } else { 1 };
            bytes[at] ^= 1;
            assert_eq!(undo(compression, &bytes, 100), Err(InflateError::Damaged));
        }
    }

    proptest! {
        #[test]
        fn what_is_no_stream_ends_in_an_error_or_in_few_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400), most in 1_usize..3000) {
            for compression in [Compression::Gzip, Compression::Deflate] {
                if let Ok(body) = undo(compression, &bytes, most) {
                    prop_assert!(body.len() <= most);
                }
            }
        }
    }
}
