//! How fast the disk takes bytes, measured on the spot: what a forecast of time stands on.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes written at most. A few hundredths of a second on an ordinary disk.
const SAMPLE: usize = 16 << 20;

/// And no longer than this.
const PATIENCE: Duration = Duration::from_millis(500);

/// A measurement going on beside other work.
pub(super) struct Measuring(JoinHandle<Option<u64>>);

impl Measuring {
    /// Begins to write a sample beside `out` into a file without a name, and to make it durable.
    pub(super) fn begin(out: &Path) -> Measuring {
        let place = out.ancestors().find(|place| place.is_dir()).unwrap_or_else(|| Path::new(".")).to_owned();
        Measuring(std::thread::spawn(move || measure(&place).ok()))
    }

    /// Waits for it: bytes a second. None when the place cannot be written: the rendering itself will
    /// say why.
    pub(super) fn bytes_per_second(self) -> Option<u64> {
        self.0.join().ok().flatten()
    }
}

fn measure(place: &Path) -> io::Result<u64> {
    use rustix::fs::{Mode, OFlags};
    let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
    let file =
        rustix::fs::open(place, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?;
    let mut file = File::from(file);
    // Not zeros: some file systems do not write those.
    let piece: Vec<u8> = (0..1_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let began = Instant::now();
    let mut written = 0;
    while written < SAMPLE && began.elapsed() < PATIENCE {
        file.write_all(&piece)?;
        written += piece.len();
    }
    file.sync_data()?;
    Ok((written as f64 / began.elapsed().as_secs_f64().max(1e-6)) as u64)
}
