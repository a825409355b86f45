//! What the command line says. A reader that closes the pipe early (`| head`) is not a fault.

use std::io::{self, BufWriter, ErrorKind, Write};

pub(super) use copiste_core::process::words::count;
use serde::Serialize;

use super::caller::Stderr;

/// A standard output, buffered, and the standard error beside it.
pub(super) struct Output {
    stdout: BufWriter<Box<dyn Write>>,
    stderr: Stderr,
    closed: bool,
}

impl Output {
    pub(super) fn new(stdout: Box<dyn Write>, stderr: Stderr) -> Output {
        Output { stdout: BufWriter::new(stdout), stderr, closed: false }
    }

    /// One line.
    pub(super) fn line(&mut self, text: impl AsRef<str>) -> anyhow::Result<()> {
        let text = text.as_ref();
        self.keep(|stdout| writeln!(stdout, "{text}"))
    }

    /// A value as JSON, for programs.
    pub(super) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        self.line(text)
    }

    /// Makes what was said visible now: before something long begins.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.keep(|stdout| stdout.flush())
    }

    /// Says why a command, or a part of it, failed, with all its causes, on standard error.
    pub(super) fn complain(&self, fault: &anyhow::Error) {
        let mut text = String::new();
        for cause in fault.chain().map(ToString::to_string) {
            // An error often quotes its source already.
            if !text.contains(&cause) {
                let joint = if text.is_empty() { "copiste: " } else { ": " };
                text.push_str(joint);
                text.push_str(&cause);
            }
        }
        self.stderr.say(&text);
    }

    fn keep(
        &mut self,
        write: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        if self.closed {
            return Ok(());
        }
        match write(&mut self.stdout) {
            Err(fault) if fault.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => Ok(other?),
        }
    }
}

/// `1.25 GB`: bytes for a person, decimal units.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.2} {}", UNITS[unit]) }
}

/// `1 h 05 min`, `2 min 10 s`, `8 s`.
pub(super) fn span(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_are_for_people() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_250_000_000), "1.25 GB");
        assert_eq!(span(59), "59 s");
        assert_eq!(span(130), "2 min 10 s");
        assert_eq!(span(3_900), "1 h 05 min");
    }
}
