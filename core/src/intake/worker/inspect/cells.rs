//! A picture seen from afar: the mean brightness of cells of 8 x 8 pixels, and how much of it is
//! written on.

/// A cell counts as written on when it differs from the paper by more than this (of 255). A pencil
/// stroke of three pixels across a cell, at mid grey, makes 34.
const STROKE: u8 = 24;
/// The share of the picture left out on every side: shadows of the edge, staples, holes.
const EDGE: usize = 32;

/// Mean brightness in a grid.
pub(crate) struct Cells {
    across: usize,
    down: usize,
    means: Vec<u8>,
}

impl Cells {
    /// A grid, all black.
    pub(crate) fn new(across: usize, down: usize) -> Cells {
        Cells { across, down, means: vec![0; across * down] }
    }

    /// Sets one cell.
    pub(crate) fn set(&mut self, column: usize, row: usize, mean: u8) {
        self.means[row * self.across + column] = mean;
    }

    /// Written cells in a million. The paper is the brightness most cells have.
    pub(crate) fn ink(&self) -> u32 {
        let (edge_across, edge_down) = (self.across / EDGE, self.down / EDGE);
        let inner = || {
            (edge_down..self.down - edge_down).flat_map(move |row| {
                let start = row * self.across;
                self.means[start + edge_across..start + self.across - edge_across].iter().copied()
            })
        };
        let mut histogram = [0_u64; 256];
        inner().for_each(|mean| histogram[usize::from(mean)] += 1);
        // Of equally frequent values the brightest: paper is bright.
        let paper = (0..=255_u8).max_by_key(|mean| histogram[usize::from(*mean)]).unwrap_or(255);
        let written = inner().filter(|mean| mean.abs_diff(paper) > STROKE).count() as u64;
        let all = histogram.iter().sum::<u64>().max(1);
        u32::try_from(written * 1_000_000 / all).unwrap_or(1_000_000)
    }
}

/// Builds a grid from rows of pixels, one row after another.
pub(crate) struct Gatherer {
    cells: Cells,
    width: usize,
    sums: Vec<u32>,
    rows: usize,
    row: usize,
    height: usize,
}

impl Gatherer {
    /// For a picture of so many pixels.
    pub(crate) fn new(width: u32, height: u32) -> Gatherer {
        let (width, height) = (width as usize, height as usize);
        let across = width.div_ceil(8);
        let cells = Cells::new(across, height.div_ceil(8));
        Gatherer { cells, width, sums: vec![0; across], rows: 0, row: 0, height }
    }

    /// Rows still missing.
    pub(crate) fn missing(&self) -> usize {
        self.height - self.row
    }

    /// Adds one row, given the brightness of each cell's part of it: the sum over its pixels.
    pub(crate) fn row(&mut self, sums: impl Iterator<Item = u32>) {
        if self.row >= self.height {
            return;
        }
        self.sums.iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
        self.rows += 1;
        self.row += 1;
        if self.rows == 8 || self.row == self.height {
            for (column, sum) in self.sums.iter_mut().enumerate() {
                let pixels = 8.min(self.width - column * 8) * self.rows;
                let mean = *sum as usize / pixels.max(1);
                self.cells.set(column, (self.row - 1) / 8, u8::try_from(mean).unwrap_or(255));
                *sum = 0;
            }
            self.rows = 0;
        }
    }

    /// Adds one row of pixels of 8 bits, `step` bytes from one to the next.
    pub(crate) fn bytes(&mut self, row: &[u8], step: usize) {
        self.row(
            row.chunks(8 * step).map(|cell| cell.iter().step_by(step).map(|byte| u32::from(*byte)).sum()),
        );
    }

    /// Adds one row of bits, a set bit white; bits beyond the width are ignored.
    pub(crate) fn bits(&mut self, row: &[u8]) {
        let width = self.width;
        self.row(row.iter().enumerate().map(move |(index, byte)| {
            let used = 8.min(width.saturating_sub(index * 8));
            let mask = if used == 8 { 0xFF } else { !(0xFF_u8 >> used) };
            (byte & mask).count_ones() * 255
        }));
    }

    /// The grid.
    pub(crate) fn finish(self) -> Cells {
        self.cells
    }
}
