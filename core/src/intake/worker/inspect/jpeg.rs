//! Every coefficient of a JPEG, decoded as far as the bits go and no further: enough to know that
//! the data are whole, and to see the picture at an eighth of its size, for a fifth of the price
//! of pixels.
//!
//! Sequential and progressive Huffman coding, 8 bits (ITU-T T.81, annexes F and G).

use super::cells::Cells;
use super::huffman::{Bits, Table};
use crate::intake::scan::damage;
use crate::intake::scan::endian::Endian;
use crate::intake::scan::jpeg::{self, Process};
use crate::model::Damage;

/// The largest DC coefficient of 8-bit samples (T.81, A.3.3); rounding may add half a step.
const DC_RANGE: i32 = 1024;

struct Component {
    id: u8,
    /// Sampling factors.
    across: usize,
    down: usize,
    quantisation: usize,
    /// Blocks a row and rows, filled up to whole interleaved units.
    stride: usize,
    rows: usize,
    /// Blocks a row and rows that show something: what a scan of this component alone has.
    own: (usize, usize),
    dc: Vec<i16>,
    /// Progressive only: a bit for every coefficient that is not zero yet.
    known: Vec<u64>,
}

#[derive(Default)]
struct Tables {
    quantisation: [u16; 4],
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
}

/// What a scan header asks for.
struct Scan {
    /// Index of a component, and its tables.
    parts: Vec<(usize, usize, usize)>,
    first: u32,
    last: u32,
    high: u32,
    low: u32,
}

/// Decodes a whole JPEG file.
///
/// # Errors
/// What [`jpeg::walk`] finds, and `SCN-014` when the data are not those of the picture.
pub(crate) fn decode(file: &[u8]) -> Result<Cells, Damage> {
    let head = jpeg::walk(file)?;
    if head.process == Process::Other || head.precision != 8 {
        return Err(damage::unsupported(head.foreign().unwrap_or("this JPEG")));
    }
    let progressive = head.process == Process::Progressive;
    let mut tables = Tables::default();
    let mut components = Vec::new();
    let mut units = (0, 0);
    let mut interval = 0;
    let mut at = 2;
    loop {
        let marker = jpeg::marker(file, &mut at)?;
        if marker == 0xD9 {
            break;
        }
        let segment = jpeg::segment(file, &mut at)?;
        match marker {
            0xDB => quantisation(segment, &mut tables)?,
            0xC4 => huffman(segment, &mut tables)?,
            0xDD => interval = usize::from(Endian::Big.u16(segment, 0).unwrap_or(0)),
            0xC0..=0xC2 => (components, units) = frame(segment, &head, progressive),
            0xDA => {
                let scan = Scan::read(segment, &components)?;
                let end = at + data_length(&file[at..]);
                let mut bits = Bits::new(&file[at..end]);
                run(&mut bits, &scan, &mut components, &tables, units, interval, progressive)?;
                bits.finish()?;
                at = end;
            }
            _ => {}
        }
    }
    // Where the second of three is green (RGB), it is the nearest to what an eye sees.
    let shown = usize::from(head.components.len() == 3 && head.colour_transform() == Some(0));
    let inverted = head.components.len() == 4;
    let component = components.get(shown).ok_or_else(|| damage::malformed("no frame"))?;
    let scale = i32::from(tables.quantisation[component.quantisation]);
    let mut cells = Cells::new(component.own.0, component.own.1);
    for row in 0..component.own.1 {
        for column in 0..component.own.0 {
            let dc = i32::from(component.dc[row * component.stride + column]) * scale;
            if dc.abs() > DC_RANGE + 2 * scale {
                return Err(damage::corrupt("a brightness beyond any"));
            }
            let mean = u8::try_from((dc / 8 + 128).clamp(0, 255)).unwrap_or(255);
            cells.set(column, row, if inverted { 255 - mean } else { mean });
        }
    }
    Ok(cells)
}

/// Bytes of a scan's data, restart markers included.
fn data_length(data: &[u8]) -> usize {
    let mut here = 0;
    while let Some(found) = data.get(here..).and_then(|rest| memchr::memchr(0xFF, rest)) {
        here += found;
        match data.get(here + 1) {
            Some(0x00 | 0xD0..=0xD7) => here += 2,
            Some(0xFF) => here += 1,
            _ => return here,
        }
    }
    data.len()
}

fn quantisation(mut segment: &[u8], tables: &mut Tables) -> Result<(), Damage> {
    while let Some(first) = segment.first() {
        let wide = first >> 4 != 0;
        let value =
            if wide { Endian::Big.u16(segment, 1) } else { segment.get(1).map(|byte| u16::from(*byte)) };
        let slot = tables.quantisation.get_mut(usize::from(first & 15));
        let (Some(slot), Some(value), Some(rest)) = (slot, value, segment.get(if wide { 129 } else { 65 }..))
        else {
            return Err(damage::malformed("a short quantisation table"));
        };
        *slot = value;
        segment = rest;
    }
    Ok(())
}

fn huffman(mut segment: &[u8], tables: &mut Tables) -> Result<(), Damage> {
    while let Some((first, rest)) = segment.split_first() {
        let short = || damage::malformed("a short Huffman table");
        let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
        let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
        let symbols = rest.get(..total).ok_or_else(short)?;
        let class = if first >> 4 == 0 { &mut tables.dc } else { &mut tables.ac };
        *class.get_mut(usize::from(first & 15)).ok_or_else(short)? = Some(Table::new(counts, symbols)?);
        segment = &rest[total..];
    }
    Ok(())
}

/// The components, and how many interleaved units there are across and down.
fn frame(segment: &[u8], head: &jpeg::Head, progressive: bool) -> (Vec<Component>, (usize, usize)) {
    let specs: Vec<&[u8]> = segment[6..].chunks_exact(3).take(head.components.len()).collect();
    let factor = |spec: &[u8]| (usize::from(spec[1] >> 4), usize::from(spec[1] & 15));
    let most_across = specs.iter().map(|spec| factor(spec).0).max().unwrap_or(1);
    let most_down = specs.iter().map(|spec| factor(spec).1).max().unwrap_or(1);
    let (width, height) = (head.width as usize, head.height as usize);
    let units = (width.div_ceil(8 * most_across), height.div_ceil(8 * most_down));
    let components = specs
        .iter()
        .map(|spec| {
            let (across, down) = factor(spec);
            let (stride, rows) = (units.0 * across, units.1 * down);
            let own = (
                (width * across).div_ceil(most_across).div_ceil(8),
                (height * down).div_ceil(most_down).div_ceil(8),
            );
            Component {
                id: spec[0],
                across,
                down,
                quantisation: usize::from(spec[2] & 3),
                stride,
                rows,
                own,
                dc: vec![0; stride * rows],
                known: if progressive { vec![0; stride * rows] } else { Vec::new() },
            }
        })
        .collect();
    (components, units)
}

impl Scan {
    fn read(segment: &[u8], components: &[Component]) -> Result<Scan, Damage> {
        let wrong = || damage::malformed("a scan header no scan has");
        let count = usize::from(*segment.first().ok_or_else(wrong)?);
        let specs = segment.get(1..1 + count * 2).ok_or_else(wrong)?;
        let [first, last, approximation] = segment.get(1 + count * 2..4 + count * 2).ok_or_else(wrong)?
        else {
            return Err(wrong());
        };
        let part = |spec: &[u8]| {
            let index = components.iter().position(|component| component.id == spec[0])?;
            Some((index, usize::from(spec[1] >> 4), usize::from(spec[1] & 15)))
        };
        let parts = specs.chunks_exact(2).map(part).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        let (high, low) = (u32::from(approximation >> 4), u32::from(approximation & 15));
        if first > last || *last > 63 || low > 13 || (*first > 0 && count != 1) {
            return Err(wrong());
        }
        Ok(Scan { parts, first: u32::from(*first), last: u32::from(*last), high, low })
    }
}

/// Decodes a scan's blocks in their order (T.81, A.2).
fn run(
    bits: &mut Bits<'_>,
    scan: &Scan,
    components: &mut [Component],
    tables: &Tables,
    units: (usize, usize),
    interval: usize,
    progressive: bool,
) -> Result<(), Damage> {
    let alone = scan.parts.len() == 1;
    let units = if alone { components[scan.parts[0].0].own } else { units };
    let mut predicted = [0_i32; 4];
    let mut skip = 0_u32;
    let mut restarts = 0_u8;
    for unit in 0..units.0 * units.1 {
        if interval > 0 && unit > 0 && unit % interval == 0 {
            bits.restart(restarts)?;
            restarts = (restarts + 1) % 8;
            predicted = [0; 4];
            skip = 0;
        }
        let (column, row) = (unit % units.0, unit / units.0);
        for (turn, (index, dc_slot, ac_slot)) in scan.parts.iter().enumerate() {
            let component = &mut components[*index];
            let (across, down) = if alone { (1, 1) } else { (component.across, component.down) };
            let dc = tables.dc.get(*dc_slot).and_then(Option::as_ref);
            let ac = tables.ac.get(*ac_slot).and_then(Option::as_ref);
            for block in 0..across * down {
                let x = column * across + block % across;
                let y = row * down + block / across;
                debug_assert!(y < component.rows);
                let at = y * component.stride + x;
                if progressive {
                    let known = &mut component.known[at];
                    let value = &mut component.dc[at];
                    match (scan.first, scan.high) {
                        (0, 0) => {
                            *value = first_dc(bits, table(dc)?, &mut predicted[turn], scan.low)?;
                        }
                        // A refining bit below a brightness: the eighth needs no more than that.
                        (0, _) => *value |= i16::from(bits.take(1)? == 1) << scan.low,
                        (_, 0) => first_ac(bits, table(ac)?, scan, known, &mut skip)?,
                        _ => refine_ac(bits, table(ac)?, scan, known, &mut skip)?,
                    }
                } else {
                    component.dc[at] = first_dc(bits, table(dc)?, &mut predicted[turn], 0)?;
                    sequential_ac(bits, table(ac)?)?;
                }
            }
        }
    }
    if skip > 0 {
        return Err(damage::corrupt("more blocks announced than there are"));
    }
    Ok(())
}

fn table(table: Option<&Table>) -> Result<&Table, Damage> {
    table.ok_or_else(|| damage::malformed("a scan whose tables are not defined"))
}

fn first_dc(bits: &mut Bits<'_>, table: &Table, predicted: &mut i32, low: u32) -> Result<i16, Damage> {
    let size = u32::from(bits.symbol(table)?);
    if size > 15 {
        return Err(damage::corrupt("a brightness of too many bits"));
    }
    *predicted += bits.signed(size)?;
    i16::try_from(*predicted << low).map_err(|_| damage::corrupt("a brightness beyond any"))
}

#[inline]
fn sequential_ac(bits: &mut Bits<'_>, table: &Table) -> Result<(), Damage> {
    let mut k = 1;
    while k < 64 {
        let symbol = bits.symbol(table)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 {
            if run != 15 {
                return Ok(());
            }
            k += 16;
        } else {
            k += run + 1;
            bits.take(size)?;
        }
    }
    if k == 64 { Ok(()) } else { Err(damage::corrupt("a block of more than 64 coefficients")) }
}

fn first_ac(
    bits: &mut Bits<'_>,
    table: &Table,
    scan: &Scan,
    known: &mut u64,
    skip: &mut u32,
) -> Result<(), Damage> {
    if *skip > 0 {
        *skip -= 1;
        return Ok(());
    }
    let mut k = scan.first;
    while k <= scan.last {
        let symbol = bits.symbol(table)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 && run < 15 {
            *skip = (1 << run) + bits.take(run)? - 1;
            return Ok(());
        }
        k += run;
        if size > 0 {
            if k > scan.last {
                return Err(damage::corrupt("a coefficient beyond its band"));
            }
            bits.take(size)?;
            *known |= 1 << k;
        }
        k += 1;
    }
    Ok(())
}

fn refine_ac(
    bits: &mut Bits<'_>,
    table: &Table,
    scan: &Scan,
    known: &mut u64,
    skip: &mut u32,
) -> Result<(), Damage> {
    let mut k = scan.first;
    if *skip == 0 {
        while k <= scan.last {
            let symbol = bits.symbol(table)?;
            let (mut run, size) = (u32::from(symbol >> 4), symbol & 15);
            match size {
                0 if run < 15 => {
                    *skip = (1 << run) + bits.take(run)?;
                    break;
                }
                0 => {}
                1 => {
                    bits.take(1)?;
                }
                _ => return Err(damage::corrupt("a refinement of more than a bit")),
            }
            while k <= scan.last {
                if *known >> k & 1 == 1 {
                    bits.take(1)?;
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                k += 1;
            }
            if size == 1 {
                if k > scan.last {
                    return Err(damage::corrupt("a coefficient beyond its band"));
                }
                *known |= 1 << k;
            }
            k += 1;
        }
    }
    if *skip > 0 {
        let mask = if scan.last == 63 { u64::MAX } else { (1 << (scan.last + 1)) - 1 };
        let rest = if k > 63 { 0 } else { *known & mask & (u64::MAX << k) };
        for _ in 0..rest.count_ones() {
            bits.take(1)?;
        }
        *skip -= 1;
    }
    Ok(())
}
