//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Closes dematerialised exams and gives every candidate's annotated copy back, in bulk.
#[derive(Parser, Debug)]
#[command(name = "copiste", version, arg_required_else_help = true)]
pub(super) struct Typed {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The data directory, common to all commands.
#[derive(Args, Debug)]
pub(super) struct Data {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    pub(super) data: PathBuf,
    /// Role to act in: exam-office, coordinator or school:UAI (default: the one the command needs)
    #[arg(long = "as", value_name = "ROLE")]
    pub(super) role: Option<String>,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Take in one or more bundles: all of a bundle or nothing of it
    Import(Import),
    /// Decode every page not yet inspected: damage, blank pages, resolution
    Inspect(Inspect),
    /// Show exams, their counts and what is missing
    Status(Status),
    /// Accept damaged pages by name, with a reason
    Accept(Accept),
    /// Produce annotated copies as PDFs, in a directory or one ZIP
    Render(Render),
    /// Check every blob, record and journal link
    Verify(Verify),
    /// Show the settings in force and where each comes from
    Config(Config),
    /// Serve decoding requests on standard input (started by the other commands)
    #[command(hide = true)]
    DecodeWorker,
}

#[derive(Args, Debug)]
pub(super) struct Import {
    #[command(flatten)]
    pub(super) data: Data,
    /// Bundles: directories or ZIP files
    #[arg(required = true, value_name = "BUNDLE")]
    pub(super) bundles: Vec<PathBuf>,
    /// Refuse a bundle that has a damaged scan
    #[arg(long)]
    pub(super) strict: bool,
    /// Leave the inspection to `copiste inspect`
    #[arg(long)]
    pub(super) no_inspect: bool,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Inspect {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam; all of them when left out
    pub(super) exam: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Status {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam; all of them when left out
    pub(super) exam: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Accept {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// Candidate number
    #[arg(long, value_name = "N", requires = "page", conflicts_with = "all_damaged")]
    pub(super) candidate: Option<String>,
    /// Page, from 1
    #[arg(long, value_name = "P", requires = "candidate")]
    pub(super) page: Option<u32>,
    /// Every damaged page of the exam
    #[arg(long, required_unless_present = "candidate")]
    pub(super) all_damaged: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
}

#[derive(Args, Debug)]
pub(super) struct Render {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// A file whose name ends in .zip, or a directory
    #[arg(long, value_name = "PATH.zip|DIR")]
    pub(super) out: PathBuf,
    /// Only this school's copies
    #[arg(long, value_name = "UAI")]
    pub(super) school: Option<String>,
    /// Only these candidates' copies
    #[arg(long, value_name = "N")]
    pub(super) candidate: Vec<String>,
    /// Leave out: annotations, appreciation, marking (comma-separated)
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(super) without: Vec<Without>,
    /// Only copies that became renderable at or after this instant (2026-01-31T12:00:00Z)
    #[arg(long, value_name = "INSTANT")]
    pub(super) since: Option<String>,
    /// Only copies that became renderable before this instant
    #[arg(long, value_name = "INSTANT")]
    pub(super) until: Option<String>,
    /// Threads
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: Option<u16>,
    /// Redo only what is missing or outdated
    #[arg(long)]
    pub(super) resume: bool,
    /// Also hash every byte of every PDF
    #[arg(long)]
    pub(super) sha256: bool,
    /// Do not wait for the disk
    #[arg(long)]
    pub(super) no_sync: bool,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// What `--without` leaves out.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Without {
    Annotations,
    Appreciation,
    Marking,
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) data: Data,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Config {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}
