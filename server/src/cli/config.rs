//! `copiste config`: the settings in force.

use super::Ending;
use super::args::Config;
use super::output::Output;
use crate::settings::Settings;

pub(super) fn run(typed: &Config, output: &mut Output) -> anyhow::Result<Ending> {
    let settings = Settings::read(typed.data.as_deref())?;
    for line in settings.listing() {
        output.line(line)?;
    }
    Ok(Ending::Done)
}
