//! Secrets of `copiste account`: asked for, drawn and hashed where the command is typed. Whoever runs the
//! command, this process or a server, gets a hash or a digest, and no other process ever sees a password
//! among arguments.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};

use anyhow::{Context, bail};
use copiste_core::journal::hex;

use super::args::{AccountCommand, Command, PasswordArgs};
use crate::people::{PASSWORD_BYTES, Passwords, TokenSecret, one_time_password};

/// What a command needs beside what was typed.
#[derive(Default)]
pub(super) struct Needed {
    /// Lines for the person at this terminal, once the command has succeeded.
    pub(super) tell: Vec<String>,
}

/// Asks for, or draws, what a command needs, and puts what is kept of it into the command and into the
/// words that a server would get.
pub(super) fn needed(command: &mut Command, words: &mut Vec<OsString>) -> anyhow::Result<Needed> {
    let mut needed = Needed::default();
    let Command::Account(typed) = command else { return Ok(needed) };
    let extra = match &mut typed.command {
        AccountCommand::Add(typed) => hashed(&mut typed.password, &mut needed)?,
        AccountCommand::Password(typed) => hashed(&mut typed.password, &mut needed)?,
        AccountCommand::Token(typed) => {
            if typed.secret.is_some() {
                return Err(not_typed());
            }
            if typed.revoke.is_some() {
                return Ok(needed);
            }
            let secret = TokenSecret::new()?;
            let digest = hex::encode(&secret.sha256());
            typed.secret = Some(digest.clone());
            needed.tell =
                vec!["the token is shown this once and kept nowhere:".to_owned(), secret.shown().to_owned()];
            format!("--secret-digest={digest}")
        }
        AccountCommand::Close(_) | AccountCommand::List(_) => return Ok(needed),
    };
    // Right after `copiste account add`: what follows a `--` would be no option any more.
    words.insert(words.len().min(3), extra.into());
    Ok(needed)
}

fn hashed(typed: &mut PasswordArgs, needed: &mut Needed) -> anyhow::Result<String> {
    if typed.hash.is_some() {
        return Err(not_typed());
    }
    let password = if typed.stdin {
        from_standard_input()?
    } else if io::stdin().is_terminal() && !typed.generate {
        asked()?
    } else {
        let password = one_time_password()?;
        needed.tell = vec!["the password is shown this once and kept nowhere:".to_owned(), password.clone()];
        password
    };
    let hash = Passwords::new()?.hash(password.as_bytes())?.0;
    typed.hash = Some(hash.clone());
    Ok(format!("--password-hash={hash}"))
}

/// The first line of the standard input.
fn from_standard_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let most = *PASSWORD_BYTES.end() as u64 + 2;
    let read = io::stdin().lock().take(most).read_to_end(&mut bytes);
    read.context("CLI-030 the standard input cannot be read; nothing was changed")?;
    let text = String::from_utf8(bytes)
        .ok()
        .context("CLI-030 the standard input is not UTF-8 text; nothing was changed")?;
    let line = text.split('\n').next().unwrap_or_default();
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Twice from the terminal, where it is not seen.
fn asked() -> anyhow::Result<String> {
    let failed = "CLI-030 the terminal cannot be read; nothing was changed; use --password-stdin";
    let password = rpassword::prompt_password("Password (12 to 1,024 bytes): ").context(failed)?;
    if rpassword::prompt_password("The same again: ").context(failed)? != password {
        bail!("CLI-031 the two are not the same; nothing was changed; type the command again");
    }
    Ok(password)
}

fn not_typed() -> anyhow::Error {
    anyhow::anyhow!(
        "CLI-032 hashes and digests are no arguments: copiste makes them itself; nothing was changed; \
         leave the option out"
    )
}
