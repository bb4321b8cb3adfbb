//! Bytes as text: UTF-8 where they are UTF-8, else Latin-1, and hexadecimal digits.

/// Appends bytes as text. A byte that is no part of UTF-8 is taken for a letter of Latin-1.
pub(super) fn push_text(bytes: &[u8], text: &mut String) {
    if let Ok(valid) = str::from_utf8(bytes) {
        text.push_str(valid);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|&byte| char::from(byte)));
    }
}

/// The byte that two hexadecimal digits begin with, and what follows them.
pub(super) fn hex_byte(digits: &[u8]) -> Option<(u8, &[u8])> {
    let ([high, low], rest) = digits.split_first_chunk()?;
    Some((hex_digit(*high)? << 4 | hex_digit(*low)?, rest))
}

/// The same of four digits.
pub(super) fn hex_unit(digits: &[u8]) -> Option<(u16, &[u8])> {
    let (high, rest) = hex_byte(digits)?;
    let (low, rest) = hex_byte(rest)?;
    Some((u16::from_be_bytes([high, low]), rest))
}

/// What a hexadecimal digit is worth.
pub(super) fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Joins UTF-16 units, which escapes give one at a time, to characters.
#[derive(Debug, Default)]
pub(super) struct Utf16 {
    /// The first half of a pair whose second half has not come yet.
    high: Option<u16>,
}

impl Utf16 {
    pub(super) fn push(&mut self, unit: u16, text: &mut Vec<u8>) {
        let pair = [self.high.take().unwrap_or(unit), unit];
        let whole = if pair[0] == unit { &pair[..1] } else { &pair[..] };
        for letter in char::decode_utf16(whole.iter().copied()) {
            match letter {
                Ok(letter) => text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(half) if half.unpaired_surrogate() < 0xdc00 => self.high = Some(half.unpaired_surrogate()),
                Err(_) => {}
            }
        }
    }

    /// Forgets a first half that stays alone.
    pub(super) fn forget(&mut self) {
        self.high = None;
    }
}
