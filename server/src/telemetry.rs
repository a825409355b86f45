//! Logs: text or JSON lines on standard error.

use tracing_subscriber::EnvFilter;

use crate::settings::Settings;

/// Starts logging as the settings say. What is logged carries identifiers and numbers, no names.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(settings.log_level())
        .map_err(|fault| anyhow::anyhow!("CLI-006 log.level: {fault}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if settings.log_json() { builder.json().try_init() } else { builder.with_target(false).try_init() }
        .map_err(|fault| anyhow::anyhow!("CLI-007 logging cannot start: {fault}"))
}
