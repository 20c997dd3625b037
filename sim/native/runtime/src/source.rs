//! Source locations of the program, in the type that the engine shows.
//!
//! `std::panic::Location` has no constructor. Its layout is found by inspection of a known value,
//! and every location that is made is checked: where that fails, traces have no lines.

use std::mem::{align_of, size_of};
use std::panic::Location;
use std::sync::OnceLock;

/// The offsets of the fields of a `Location` in bytes.
#[derive(Clone, Copy, Debug)]
struct Offsets {
    file: usize,
    length: usize,
    /// What the length counts beyond the name: a final zero byte, if the compiler adds one.
    extra: usize,
    line: usize,
    column: usize,
}

const SIZE: usize = size_of::<Location<'static>>();

/// The place of operations whose place is unknown.
#[track_caller]
pub(crate) fn unknown() -> &'static Location<'static> {
    static UNKNOWN: OnceLock<&'static Location<'static>> = OnceLock::new();
    UNKNOWN.get_or_init(|| make("(unknown)", 0, 0))
}

/// A location with this content, which is never freed. If that is impossible, some other location.
pub(crate) fn make(file: &str, line: u32, column: u32) -> &'static Location<'static> {
    let sample = Location::caller();
    static OFFSETS: OnceLock<Option<Offsets>> = OnceLock::new();
    let Some(offsets) = OFFSETS.get_or_init(|| find(sample)) else { return sample };
    let text: &'static str = Box::leak(format!("{file}\0").into_boxed_str());
    let mut bytes = bytes_of(sample);
    let length = file.len() + offsets.extra;
    bytes[offsets.file..][..8].copy_from_slice(&(text.as_ptr() as usize).to_ne_bytes());
    bytes[offsets.length..][..8].copy_from_slice(&length.to_ne_bytes());
    bytes[offsets.line..][..4].copy_from_slice(&line.to_ne_bytes());
    bytes[offsets.column..][..4].copy_from_slice(&column.to_ne_bytes());
    let words: &'static mut [u64] = Box::leak(vec![0_u64; SIZE.div_ceil(8)].into_boxed_slice());
    debug_assert!(align_of::<Location<'static>>() <= 8);
    // SAFETY: the target has at least `SIZE` bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), words.as_mut_ptr().cast(), SIZE) };
    // SAFETY: `find` has established which bytes of a location are its fields: a pointer to text
    // that lives forever, its length, and two numbers. All bytes are accounted for, and the
    // alignment fits.
    let made: &'static Location<'static> = unsafe { &*words.as_ptr().cast() };
    if made.line() == line && made.column() == column && made.file() == file { made } else { sample }
}

fn bytes_of(location: &Location<'_>) -> [u8; SIZE] {
    // SAFETY: the bytes of a location without padding, which `find` has checked for a sample: four
    // fields fill it.
    unsafe { *std::ptr::from_ref(location).cast() }
}

fn find(sample: &Location<'_>) -> Option<Offsets> {
    // Two pointers and two numbers leave no room for another field or for padding.
    if SIZE != 24 {
        return None;
    }
    let bytes = bytes_of(sample);
    let word = |at: usize| usize::from_ne_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
    let half = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    let file = (0..SIZE).step_by(8).find(|&at| word(at) == sample.file().as_ptr() as usize)?;
    let is_length =
        |&at: &usize| at != file && (word(at) == sample.file().len() || word(at) == sample.file().len() + 1);
    let length = (0..SIZE).step_by(8).find(is_length)?;
    let rest = (0..SIZE).step_by(8).find(|&at| at != file && at != length)?;
    let pair = (half(rest), half(rest + 4));
    let (line, column) = if pair == (sample.line(), sample.column()) && sample.line() != sample.column() {
        (rest, rest + 4)
    } else if pair == (sample.column(), sample.line()) {
        (rest + 4, rest)
    } else {
        return None;
    };
    Some(Offsets { file, length, extra: word(length) - sample.file().len(), line, column })
}
