//! The program's file: its symbols and its debug information.

use std::collections::BTreeMap;
use std::fs;

use addr2line::Context;
use addr2line::gimli::{self, EndianSlice, LittleEndian};

use crate::statics;

type Slice = EndianSlice<'static, LittleEndian>;

/// One function at an address: the function itself, or one that was inlined into it.
pub(crate) struct Frame {
    /// The demangled name; empty if it is unknown.
    pub(crate) function: String,
    /// The source file and line.
    pub(crate) place: Option<(String, u32, u32)>,
}

/// The program's file.
pub(crate) struct ObjectFile {
    lines: Option<Context<Slice>>,
    /// The symbols by address: the name and the size. Of several at an address, one.
    symbols: BTreeMap<u64, (&'static str, u64)>,
    /// All symbols: the name and the address.
    all: Vec<(&'static str, u64)>,
}

impl ObjectFile {
    /// Reads the file of the running program. What cannot be read is absent.
    pub(crate) fn open() -> Self {
        let bytes: &'static [u8] = fs::read("/proc/self/exe").unwrap_or_default().leak();
        let sections = sections(bytes).unwrap_or_default();
        let section = |name: &str| sections.get(name).copied().unwrap_or_default();
        let load = |id: gimli::SectionId| -> Result<Slice, gimli::Error> {
            Ok(EndianSlice::new(section(id.name()), LittleEndian))
        };
        let lines = gimli::Dwarf::load(load).ok().and_then(|dwarf| Context::from_dwarf(dwarf).ok());
        let (mut by_address, mut all) = (BTreeMap::new(), Vec::new());
        for (name, address, size) in symbols(section(".symtab"), section(".strtab")) {
            by_address.insert(address, (name, size));
            all.push((name, address));
        }
        ObjectFile { lines, symbols: by_address, all }
    }

    /// The functions that contain the code at this address of the running program, the innermost
    /// first.
    pub(crate) fn frames(&self, address: usize) -> Vec<Frame> {
        let Some(lines) = &self.lines else { return Vec::new() };
        let probe = address.wrapping_sub(statics::layout().base) as u64;
        let mut found = Vec::new();
        let Ok(mut frames) = lines.find_frames(probe).skip_all_loads() else { return found };
        while let Ok(Some(frame)) = frames.next() {
            let function = frame.function.as_ref().and_then(|name| Some(name.demangle().ok()?.into_owned()));
            let place = frame.location.and_then(|place| {
                Some((place.file?.to_owned(), place.line.unwrap_or(0), place.column.unwrap_or(0)))
            });
            found.push(Frame { function: function.unwrap_or_default(), place });
        }
        found
    }

    /// The demangled name of the symbol that contains this address, with the offset in it.
    pub(crate) fn symbol(&self, address: usize) -> Option<(String, u64)> {
        let probe = address.wrapping_sub(statics::layout().base) as u64;
        let (&start, &(name, size)) = self.symbols.range(..=probe).next_back()?;
        let offset = probe - start;
        (offset < size.max(1)).then(|| (addr2line::demangle_auto(name.into(), None).into_owned(), offset))
    }

    /// The mangled names and addresses of all symbols in the running program.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let base = statics::layout().base;
        self.all.iter().map(move |&(name, start)| (name, (start as usize).wrapping_add(base)))
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let mut word = [0; 8];
    word[..N].copy_from_slice(bytes.get(at..at + N)?);
    Some(u64::from_le_bytes(word))
}

/// The sections of an ELF file by name.
fn sections(file: &'static [u8]) -> Option<BTreeMap<&'static str, &'static [u8]>> {
    let (table, count, names) =
        (number::<8>(file, 0x28)? as usize, number::<2>(file, 0x3c)?, number::<2>(file, 0x3e)? as usize);
    let header = |nth: usize| file.get(table + nth * 64..)?.get(..64);
    let content = |header: &[u8]| {
        // A section without content in the file, such as `.bss`.
        if number::<4>(header, 4)? == 8 {
            return Some(&[][..]);
        }
        let (start, size) = (number::<8>(header, 0x18)? as usize, number::<8>(header, 0x20)? as usize);
        file.get(start..start.checked_add(size)?)
    };
    let names = content(header(names)?)?;
    let mut sections = BTreeMap::new();
    for nth in 0..count as usize {
        let header = header(nth)?;
        if let Some(name) = text(names, number::<4>(header, 0)? as usize)
            && let Some(content) = content(header)
        {
            sections.insert(name, content);
        }
    }
    Some(sections)
}

fn text(strings: &'static [u8], at: usize) -> Option<&'static str> {
    let rest = strings.get(at..)?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// The functions and objects of a symbol table: name, address, size.
fn symbols(table: &'static [u8], names: &'static [u8]) -> impl Iterator<Item = (&'static str, u64, u64)> {
    table.chunks_exact(24).filter_map(move |entry| {
        let kind = entry[4] & 15;
        let (address, size) = (number::<8>(entry, 8)?, number::<8>(entry, 16)?);
        // Objects have the type 1, functions 2.
        let is_wanted = (kind == 1 || kind == 2) && address != 0;
        let name = is_wanted.then(|| text(names, number::<4>(entry, 0)? as usize)).flatten()?;
        Some((name, address, size))
    })
}
