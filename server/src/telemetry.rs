//! Logs: text or JSON lines on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::settings::Settings;

/// Starts logging as the settings say. What is logged carries identifiers and numbers, no names.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<()> {
    let level: LevelFilter =
        settings.log_level().parse().map_err(|fault| anyhow::anyhow!("CLI-006 log.level: {fault}"))?;
    // Libraries log what passes through them: ureq, when it traces, every byte on the wire, and with it tokens
    // and what markers wrote. They are heard when something is wrong, and no filter of anyone's opens that.
    let others = level.min(LevelFilter::WARN);
    let filter = EnvFilter::try_new(format!("{others},copiste={level}"))
        .map_err(|fault| anyhow::anyhow!("CLI-006 log.level: {fault}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if settings.log_json() { builder.json().try_init() } else { builder.with_target(false).try_init() }
        .map_err(|fault| anyhow::anyhow!("CLI-007 logging cannot start: {fault}"))
}
