//! What can be typed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

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
    /// Role to act in: exam-office, coordinator, school:UAI or administrator (default: the one the command needs)
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
    /// Show functional settings, or give some another value (NAME=VALUE)
    Settings(SettingsArgs),
    /// Lock batches: their marks are final
    Lock(Batches),
    /// Open locked batches again
    Unlock(Batches),
    /// Adjust marks before the validation: a batch's by a delta, or a candidate's
    Harmonise(Harmonise),
    /// Correct a final mark
    Mark(Mark),
    /// Validate the harmonisation of batches; for an E3C this transmits them
    Validate(Validate),
    /// Close a one-off exam: launch or relaunch the exports to Cyclades and IMAG'IN
    Close(Close),
    /// Record by hand that Cyclades has published
    Publish(Publish),
    /// Produce annotated copies as PDFs, in a directory or one ZIP
    Render(Render),
    /// Hold a copy back from purges, or release it
    Hold(Hold),
    /// Destroy the copies that may be consulted no longer, except those that are held
    Purge(Purge),
    /// Make, change and close accounts, and the tokens of their programs
    Account(AccountArgs),
    /// Write a consistent copy of the data directory into one file, also while a server runs
    Backup(Backup),
    /// Make a data directory of a backup
    Restore(Restore),
    /// Check every blob, record and journal link
    Verify(Verify),
    /// Make the database again from the journal and the scans; the folder `db` must be gone or empty
    Rebuild(Rebuild),
    /// Keep the data directory open and run the commands that are typed meanwhile
    ///
    /// Whoever runs a command on the same data directory, as the same user, has the server run it: same
    /// outputs, same exit code, several at a time. It says in one line that it is ready, and ends on
    /// Ctrl-C or SIGTERM: it takes no more commands, stops renderings and exports as Ctrl-C would, and
    /// waits for what cannot be stopped half-way; a second signal ends it at once.
    ///
    /// The server's settings are in force for all commands: copiste.toml of the data directory, read
    /// again for each, and the COPISTE_... variables the server was started with. No variable of whoever
    /// types comes along; what stands on the command line does.
    Serve(Serve),
    /// Show the settings in force and where each comes from
    Config(Config),
    /// Serve decoding requests on standard input (started by the other commands)
    #[command(hide = true)]
    DecodeWorker,
}

impl Command {
    /// The data directory of a command that a running server can do in its stead. The others say
    /// nothing of a server; those that need the directory to themselves find its lock taken.
    pub(super) fn served(&self) -> Option<&Path> {
        let data = match self {
            Command::Import(typed) => &typed.data,
            Command::Inspect(typed) => &typed.data,
            Command::Status(typed) => &typed.data,
            Command::Accept(typed) => &typed.data,
            Command::Settings(typed) => &typed.data,
            Command::Lock(typed) | Command::Unlock(typed) => &typed.data,
            Command::Harmonise(typed) => &typed.data,
            Command::Mark(typed) => &typed.data,
            Command::Validate(typed) => &typed.data,
            Command::Close(typed) => &typed.data,
            Command::Publish(typed) => &typed.data,
            Command::Render(typed) => &typed.data,
            Command::Hold(typed) => &typed.data,
            Command::Account(typed) => typed.command.data(),
            Command::Backup(typed) => &typed.data,
            Command::Verify(typed) => &typed.data,
            // A purge exchanges the database, a rebuild makes it: both need the directory to themselves.
            Command::Purge(_)
            | Command::Restore(_)
            | Command::Serve(_)
            | Command::Rebuild(_)
            | Command::Config(_)
            | Command::DecodeWorker => return None,
        };
        Some(&data.data)
    }
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
    /// Also make the quality sheet, which looks at every page and mark
    #[arg(long)]
    pub(super) quality: bool,
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
pub(super) struct SettingsArgs {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// New values, such as export_absences=true
    #[arg(value_name = "NAME=VALUE")]
    pub(super) values: Vec<String>,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Batches {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// Batches
    #[arg(long, value_name = "ID", num_args = 1.., required = true)]
    pub(super) batch: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct Harmonise {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// Batch
    #[arg(long, value_name = "ID")]
    pub(super) batch: String,
    /// Move every mark of the batch by so much from the marker's, such as 0.5 or -1
    #[arg(long, value_name = "DELTA", allow_hyphen_values = true, required_unless_present = "candidate")]
    pub(super) by: Option<String>,
    /// Candidate number
    #[arg(long, value_name = "N", requires = "mark", conflicts_with = "by")]
    pub(super) candidate: Option<String>,
    /// The candidate's harmonised mark
    #[arg(long, value_name = "V", requires = "candidate")]
    pub(super) mark: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
}

#[derive(Args, Debug)]
pub(super) struct Mark {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// Candidate number
    #[arg(long, value_name = "N")]
    pub(super) candidate: String,
    /// The final mark, such as 12.5
    #[arg(value_name = "V")]
    pub(super) mark: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
}

#[derive(Args, Debug)]
pub(super) struct Validate {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// Batches
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with = "all", required_unless_present = "all")]
    pub(super) batch: Vec<String>,
    /// Every locked batch
    #[arg(long)]
    pub(super) all: bool,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Close {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// Send everything again, also what was accepted
    #[arg(long)]
    pub(super) again: bool,
    /// Show the rows and whether both targets answer; nothing is sent
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Write the rows as CSV into this directory; nothing is sent
    #[arg(long, value_name = "DIR", conflicts_with_all = ["again", "dry_run"])]
    pub(super) csv: Option<PathBuf>,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Publish {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// When: a day (2026-07-05) or an instant (2026-07-05T08:00:00Z)
    #[arg(long, value_name = "DATE")]
    pub(super) at: String,
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
pub(super) struct Hold {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exam
    pub(super) exam: String,
    /// Candidate number
    #[arg(long, value_name = "N")]
    pub(super) candidate: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// End the hold
    #[arg(long)]
    pub(super) release: bool,
}

#[derive(Args, Debug)]
pub(super) struct Purge {
    #[command(flatten)]
    pub(super) data: Data,
    /// Exams whose last day of consultation lies before this day (2027-07-06), in UTC
    #[arg(long, value_name = "DATE")]
    pub(super) before: String,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Backup {
    #[command(flatten)]
    pub(super) data: Data,
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) data: Data,
    /// Leave the inspection of all pages to `copiste inspect`
    #[arg(long)]
    pub(super) no_inspect: bool,
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
pub(super) struct Serve {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    pub(super) data: PathBuf,
    /// Serve the API and the web pages at this address; a reverse proxy in front does TLS
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,
}

#[derive(Args, Debug)]
pub(super) struct Rebuild {
    #[command(flatten)]
    pub(super) data: Data,
    /// Leave the inspection of all pages to `copiste inspect`
    #[arg(long)]
    pub(super) no_inspect: bool,
}

#[derive(Args, Debug)]
pub(super) struct Config {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct AccountArgs {
    #[command(subcommand)]
    pub(super) command: AccountCommand,
}

#[derive(Subcommand, Debug)]
pub(super) enum AccountCommand {
    /// Make an account; its password must be changed at the first login
    Add(AccountAdd),
    /// Close an account: its sessions end, its tokens are good for nothing
    Close(AccountClose),
    /// Give an account another password
    Password(AccountPassword),
    /// Show accounts and tokens
    List(AccountList),
    /// Make a token for an account's programs, or take one back
    Token(AccountToken),
}

impl AccountCommand {
    fn data(&self) -> &Data {
        match self {
            AccountCommand::Add(typed) => &typed.data,
            AccountCommand::Close(typed) => &typed.data,
            AccountCommand::Password(typed) => &typed.data,
            AccountCommand::List(typed) => &typed.data,
            AccountCommand::Token(typed) => &typed.data,
        }
    }
}

/// Where a password comes from: the terminal, or the standard input, or it is drawn. Never an argument.
#[derive(Args, Debug)]
pub(super) struct PasswordArgs {
    /// Read the password from the first line of the standard input
    #[arg(long = "password-stdin", conflicts_with = "generate")]
    pub(super) stdin: bool,
    /// Draw a password and print it once, also at a terminal
    #[arg(long)]
    pub(super) generate: bool,
    /// The password need not be changed at the first login
    #[arg(long = "keep-password")]
    pub(super) keep: bool,
    /// What the client made of it
    #[arg(long = "password-hash", value_name = "PHC", hide = true)]
    pub(super) hash: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct AccountAdd {
    #[command(flatten)]
    pub(super) data: Data,
    /// Login: 3 to 64 of a-z 0-9 . _ @ -
    pub(super) login: String,
    /// exam-office, exam-office:ER, coordinator, coordinator:ER, school:UAI or administrator
    #[arg(long = "role", value_name = "ROLE")]
    pub(super) account_role: String,
    /// What pages call this person (default: the login)
    #[arg(long, value_name = "TEXT")]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) password: PasswordArgs,
}

#[derive(Args, Debug)]
pub(super) struct AccountClose {
    #[command(flatten)]
    pub(super) data: Data,
    /// Login
    pub(super) login: String,
}

#[derive(Args, Debug)]
pub(super) struct AccountPassword {
    #[command(flatten)]
    pub(super) data: Data,
    /// Login
    pub(super) login: String,
    #[command(flatten)]
    pub(super) password: PasswordArgs,
}

#[derive(Args, Debug)]
pub(super) struct AccountList {
    #[command(flatten)]
    pub(super) data: Data,
    /// Report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct AccountToken {
    #[command(flatten)]
    pub(super) data: Data,
    /// Login
    pub(super) login: String,
    /// What it is for
    #[arg(long, value_name = "TEXT", required_unless_present = "revoke")]
    pub(super) label: Option<String>,
    /// What it is good for: read, download, act (comma-separated)
    #[arg(long, value_name = "WHAT", value_delimiter = ',', required_unless_present = "revoke")]
    pub(super) scope: Vec<Scope>,
    /// For how many days
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub(super) days: u16,
    /// Take this token back, for ever
    #[arg(long, value_name = "ID", conflicts_with_all = ["label", "scope"])]
    pub(super) revoke: Option<String>,
    /// What the client made of the secret
    #[arg(long = "secret-digest", value_name = "SHA256", hide = true)]
    pub(super) secret: Option<String>,
}

/// What a token is good for.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Read,
    Download,
    Act,
}
