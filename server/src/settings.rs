//! Settings common to all commands: `copiste.toml` in the data directory, each value overridable by
//! a `COPISTE_…` variable.

mod http;
mod known;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use copiste_core::exchange::Secret;
use copiste_core::journal::Target;
use copiste_core::process::closing::OutcomeCodes;
use copiste_core::process::quality::{Kind, Policy, Severity};

use self::known::KNOWN;

/// The setting that says what a kind of finding weighs.
fn quality_name(kind: Kind) -> String {
    format!("quality.{}", kind.name())
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File,
    Environment,
}

/// The settings in force.
pub(crate) struct Settings {
    values: BTreeMap<&'static str, (String, Origin)>,
}

/// Shows what `copiste config` shows: no token.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.listing()).finish()
    }
}

impl Settings {
    /// Reads `DIR/copiste.toml` where it exists, then the environment.
    pub(crate) fn read(data: Option<&Path>) -> anyhow::Result<Settings> {
        let mut values: BTreeMap<_, _> =
            KNOWN.iter().map(|known| (known.name, (known.default.to_owned(), Origin::Default))).collect();
        if let Some(path) = data.map(|dir| dir.join("copiste.toml")).filter(|path| path.exists()) {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("CLI-002 cannot read {}", path.display()))?;
            let table: toml::Table =
                text.parse().with_context(|| format!("CLI-003 {} is not valid TOML", path.display()))?;
            for (section, content) in &table {
                let Some(content) = content.as_table() else {
                    bail!("CLI-004 {}: `{section}` must be a [section]", path.display());
                };
                for (key, value) in content {
                    let name = format!("{section}.{key}");
                    let Some(known) = KNOWN.iter().find(|known| known.name == name) else {
                        bail!("CLI-005 {}: unknown setting `{name}`", path.display());
                    };
                    let value = match value {
                        toml::Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    values.insert(known.name, (value, Origin::File));
                }
            }
        }
        for known in KNOWN {
            if let Ok(value) = std::env::var(known.variable) {
                values.insert(known.name, (value, Origin::Environment));
            }
        }
        let settings = Settings { values };
        settings.number("decoder.processes")?;
        settings.number("decoder.deadline_s")?;
        settings.number("decoder.memory_mb")?;
        settings.number("render.threads")?;
        settings.number("store.free_mb")?;
        for name in ["exchange.timeout_s", "exchange.budget_s"] {
            if settings.number(name)? == 0 {
                bail!("CLI-006 {name} must be at least 1");
            }
        }
        for known in KNOWN.iter().filter(|known| known.name.starts_with("codes.")) {
            let code = settings.text(known.name);
            if code.is_empty() || code.len() > 64 || code.chars().any(char::is_control) {
                bail!("CLI-006 {} must be a word of 1 to 64 bytes", known.name);
            }
        }
        for kind in Kind::ALL {
            let name = quality_name(kind);
            if Severity::parse(settings.text(&name)).is_none() {
                bail!("CLI-006 {name} must be warning or blocker");
            }
        }
        for name in ["quality.low_resolution_dpi", "quality.pages_below_median"] {
            if settings.number(name)? == 0 {
                bail!("CLI-006 {name} must be at least 1");
            }
        }
        settings.check_http()?;
        if !["text", "json"].contains(&settings.text("log.format")) {
            bail!("CLI-006 log.format must be text or json");
        }
        Ok(settings)
    }

    fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value)
    }

    fn number(&self, name: &str) -> anyhow::Result<usize> {
        let text = self.text(name);
        match text.parse() {
            Ok(number) if number <= 1_000_000 => Ok(number),
            _ => bail!("CLI-006 {name} must be a whole number up to 1000000, not {text:?}"),
        }
    }

    /// A number that [`Settings::read`] has checked.
    fn checked(&self, name: &str) -> usize {
        self.number(name).unwrap_or_default()
    }

    /// A count of processes or threads, 0 meaning one a core.
    fn parallel(&self, name: &str) -> usize {
        match self.checked(name) {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        }
    }

    pub(crate) fn decoder_processes(&self) -> usize {
        self.parallel("decoder.processes")
    }

    pub(crate) fn decoder_deadline_s(&self) -> u64 {
        self.checked("decoder.deadline_s") as u64
    }

    pub(crate) fn decoder_memory_mb(&self) -> u64 {
        self.checked("decoder.memory_mb") as u64
    }

    pub(crate) fn render_threads(&self) -> usize {
        self.parallel("render.threads")
    }

    /// Bytes that must be free for the server to be ready.
    pub(crate) fn room_wanted(&self) -> u64 {
        (self.checked("store.free_mb") as u64) << 20
    }

    /// The base address of a target; none when none is set.
    pub(crate) fn address(&self, target: Target) -> Option<&str> {
        let name = match target {
            Target::Cyclades => "exchange.cyclades_url",
            Target::Imagin => "exchange.imagin_url",
        };
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The token for a target; none when none is set.
    pub(crate) fn token(&self, target: Target) -> Option<Secret> {
        let name = match target {
            Target::Cyclades => "exchange.cyclades_token",
            Target::Imagin => "exchange.imagin_token",
        };
        Some(self.text(name)).filter(|text| !text.is_empty()).map(Secret::new)
    }

    pub(crate) fn authorities(&self) -> Option<PathBuf> {
        Some(self.text("exchange.ca_file")).filter(|text| !text.is_empty()).map(PathBuf::from)
    }

    pub(crate) fn exchange_timeout(&self) -> Duration {
        Duration::from_secs(self.checked("exchange.timeout_s") as u64)
    }

    pub(crate) fn exchange_budget(&self) -> Duration {
        Duration::from_secs(self.checked("exchange.budget_s") as u64)
    }

    pub(crate) fn outcome_codes(&self) -> OutcomeCodes {
        let code = |name: &str| self.text(name).to_owned();
        OutcomeCodes {
            mark: code("codes.mark"),
            absent: code("codes.absent"),
            absent_justified: code("codes.absent_justified"),
            exempt: code("codes.exempt"),
            missing: code("codes.missing"),
        }
    }

    /// What in a quality sheet blocks, and what warns.
    pub(crate) fn quality(&self) -> Policy {
        let count = |name| u32::try_from(self.checked(name)).unwrap_or(u32::MAX);
        let policy = Policy {
            low_resolution_dpi: count("quality.low_resolution_dpi"),
            pages_below_median: count("quality.pages_below_median"),
            ..Policy::default()
        };
        Kind::ALL.into_iter().fold(policy, |policy, kind| {
            let severity = Severity::parse(self.text(&quality_name(kind)));
            policy.with(kind, severity.unwrap_or(kind.usual()))
        })
    }

    pub(crate) fn log_level(&self) -> &str {
        self.text("log.level")
    }

    pub(crate) fn log_json(&self) -> bool {
        self.text("log.format") == "json"
    }

    /// What `copiste config` shows: name, value, where it comes from, variable, meaning.
    pub(crate) fn listing(&self) -> Vec<String> {
        KNOWN
            .iter()
            .map(|known| {
                let (value, origin) = self
                    .values
                    .get(known.name)
                    .map_or(("", Origin::Default), |(value, origin)| (value.as_str(), *origin));
                let value = if known.name.ends_with("_token") && !value.is_empty() {
                    "(set, not shown)"
                } else {
                    value
                };
                let origin = match origin {
                    Origin::Default => "default",
                    Origin::File => "copiste.toml",
                    Origin::Environment => known.variable,
                };
                format!(
                    "{} = {value}   # {origin}; {}; variable {}",
                    known.name, known.meaning, known.variable
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn read(text: &str) -> anyhow::Result<Settings> {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("copiste.toml"), text)?;
        Settings::read(Some(dir.path()))
    }

    #[test]
    fn the_file_overrides_the_default() {
        let settings = read("[decoder]\ndeadline_s = 7\n").unwrap();
        assert_eq!(settings.decoder_deadline_s(), 7);
        assert_eq!(settings.decoder_memory_mb(), 2048);
    }

    #[test]
    fn the_quality_settings_stand_by_default_at_the_usual_policy_and_each_can_be_turned() {
        assert_eq!(read("").unwrap().quality(), Policy::default());
        for kind in Kind::ALL {
            for severity in [Severity::Warning, Severity::Blocker] {
                let text = format!("[quality]\n{} = \"{}\"\n", kind.name(), severity.name());
                assert_eq!(read(&text).unwrap().quality(), Policy::default().with(kind, severity));
            }
        }
        let policy = read("[quality]\nlow_resolution_dpi = 150\npages_below_median = 1\n").unwrap().quality();
        assert_eq!((policy.low_resolution_dpi, policy.pages_below_median), (150, 1));
    }

    #[test]
    fn what_is_not_a_setting_is_refused_by_name() {
        for (text, told) in [
            ("[decoder]\ndedline_s = 7\n", "decoder.dedline_s"),
            ("[decoder]\ndeadline_s = \"soon\"\n", "decoder.deadline_s"),
            ("deadline_s = 7\n", "deadline_s"),
            ("[log]\nformat = \"xml\"\n", "log.format"),
            ("[quality]\nblank_pages = \"off\"\n", "quality.blank_pages must be warning or blocker"),
            ("[quality]\nblank = \"blocker\"\n", "quality.blank"),
            ("[quality]\npages_below_median = 0\n", "quality.pages_below_median"),
            ("[http]\ntrusted_proxies = \"nginx\"\n", "http.trusted_proxies"),
            ("[http]\nconnections = 0\n", "http.connections"),
            ("[http]\nbody_kb = 70000\n", "http.body_kb"),
            ("[http]\nidle_s = \"long\"\n", "http.idle_s"),
            ("[decoder\n", "not valid TOML"),
        ] {
            let fault = format!("{:#}", read(text).unwrap_err());
            assert!(fault.contains(told), "{text}: {fault}");
        }
    }
}
