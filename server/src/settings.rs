//! Settings common to all commands: `copiste.toml` in the data directory, each value overridable by
//! a `COPISTE_…` variable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use copiste_core::exchange::Secret;
use copiste_core::journal::Target;
use copiste_core::process::closing::OutcomeCodes;
use copiste_core::process::quality::{Kind, Policy, Severity};

/// One setting: its name in the file, its variable, its default, its meaning.
struct Known {
    name: &'static str,
    variable: &'static str,
    default: &'static str,
    meaning: &'static str,
}

/// All settings. Adding one is adding a line here and a method below.
const KNOWN: &[Known] = &[
    Known {
        name: "decoder.processes",
        variable: "COPISTE_DECODER_PROCESSES",
        default: "0",
        meaning: "decoding child processes at once; 0 means one a core",
    },
    Known {
        name: "decoder.deadline_s",
        variable: "COPISTE_DECODER_DEADLINE_S",
        default: "30",
        meaning: "seconds one page may take to decode before it counts as damaged",
    },
    Known {
        name: "decoder.memory_mb",
        variable: "COPISTE_DECODER_MEMORY_MB",
        default: "2048",
        meaning: "address space of a decoding child process, in MiB",
    },
    Known {
        name: "render.threads",
        variable: "COPISTE_RENDER_THREADS",
        default: "0",
        meaning: "threads of a bulk rendering; 0 means one a core",
    },
    Known {
        name: "exchange.cyclades_url",
        variable: "COPISTE_CYCLADES_URL",
        default: "",
        meaning: "base address of Cyclades; file:/folder is a file drop",
    },
    Known {
        name: "exchange.cyclades_token",
        variable: "COPISTE_CYCLADES_TOKEN",
        default: "",
        meaning: "sent to Cyclades as a bearer token; never shown",
    },
    Known {
        name: "exchange.imagin_url",
        variable: "COPISTE_IMAGIN_URL",
        default: "",
        meaning: "base address of IMAG'IN; file:/folder is a file drop",
    },
    Known {
        name: "exchange.imagin_token",
        variable: "COPISTE_IMAGIN_TOKEN",
        default: "",
        meaning: "sent to IMAG'IN as a bearer token; never shown",
    },
    Known {
        name: "exchange.ca_file",
        variable: "COPISTE_EXCHANGE_CA_FILE",
        default: "",
        meaning: "certificates (PEM) of the authorities trusted for both; empty means those of the system",
    },
    Known {
        name: "exchange.timeout_s",
        variable: "COPISTE_EXCHANGE_TIMEOUT_S",
        default: "30",
        meaning: "seconds one request to Cyclades or IMAG'IN may take",
    },
    Known {
        name: "exchange.budget_s",
        variable: "COPISTE_EXCHANGE_BUDGET_S",
        default: "600",
        meaning: "seconds one export may take, all its requests together",
    },
    Known {
        name: "codes.mark",
        variable: "COPISTE_CODE_MARK",
        default: "mark",
        meaning: "how a row for Cyclades says that there is a mark",
    },
    Known {
        name: "codes.absent",
        variable: "COPISTE_CODE_ABSENT",
        default: "absent",
        meaning: "how it says absent",
    },
    Known {
        name: "codes.absent_justified",
        variable: "COPISTE_CODE_ABSENT_JUSTIFIED",
        default: "absent_justified",
        meaning: "how it says absent with a valid reason",
    },
    Known {
        name: "codes.exempt",
        variable: "COPISTE_CODE_EXEMPT",
        default: "exempt",
        meaning: "how it says exempt",
    },
    Known {
        name: "codes.missing",
        variable: "COPISTE_CODE_MISSING",
        default: "missing",
        meaning: "how it says that a present candidate has no mark",
    },
    Known {
        name: "quality.damaged_pages",
        variable: "COPISTE_QUALITY_DAMAGED_PAGES",
        default: "warning",
        meaning: "damaged pages: warning or blocker",
    },
    Known {
        name: "quality.accepted_pages",
        variable: "COPISTE_QUALITY_ACCEPTED_PAGES",
        default: "warning",
        meaning: "damaged pages that were accepted: warning or blocker",
    },
    Known {
        name: "quality.uninspected_pages",
        variable: "COPISTE_QUALITY_UNINSPECTED_PAGES",
        default: "warning",
        meaning: "pages that nobody has inspected: warning or blocker",
    },
    Known {
        name: "quality.blank_pages",
        variable: "COPISTE_QUALITY_BLANK_PAGES",
        default: "warning",
        meaning: "blank pages: warning or blocker",
    },
    Known {
        name: "quality.low_resolution",
        variable: "COPISTE_QUALITY_LOW_RESOLUTION",
        default: "warning",
        meaning: "pages of low resolution: warning or blocker",
    },
    Known {
        name: "quality.rotated_pages",
        variable: "COPISTE_QUALITY_ROTATED_PAGES",
        default: "warning",
        meaning: "turned pages: warning or blocker",
    },
    Known {
        name: "quality.fewer_pages",
        variable: "COPISTE_QUALITY_FEWER_PAGES",
        default: "warning",
        meaning: "scripts with fewer pages than their neighbours: warning or blocker",
    },
    Known {
        name: "quality.annotations_outside",
        variable: "COPISTE_QUALITY_ANNOTATIONS_OUTSIDE",
        default: "warning",
        meaning: "pages with annotations outside of them: warning or blocker",
    },
    Known {
        name: "quality.totals",
        variable: "COPISTE_QUALITY_TOTALS",
        default: "warning",
        meaning: "totals that differ from their questions: warning or blocker",
    },
    Known {
        name: "quality.forgotten_totals",
        variable: "COPISTE_QUALITY_FORGOTTEN_TOTALS",
        default: "warning",
        meaning: "scripts with scored questions and no total: warning or blocker",
    },
    Known {
        name: "quality.forgotten_questions",
        variable: "COPISTE_QUALITY_FORGOTTEN_QUESTIONS",
        default: "warning",
        meaning: "scripts without a question that others have: warning or blocker",
    },
    Known {
        name: "quality.forgotten_marks",
        variable: "COPISTE_QUALITY_FORGOTTEN_MARKS",
        default: "blocker",
        meaning: "scripts in locked batches that nobody has marked: warning or blocker",
    },
    Known {
        name: "quality.services",
        variable: "COPISTE_QUALITY_SERVICES",
        default: "warning",
        meaning: "candidates whose presence and service statements do not reconcile: warning or blocker",
    },
    Known {
        name: "quality.low_resolution_dpi",
        variable: "COPISTE_QUALITY_LOW_RESOLUTION_DPI",
        default: "100",
        meaning: "dots an inch below which a page is of low resolution",
    },
    Known {
        name: "quality.pages_below_median",
        variable: "COPISTE_QUALITY_PAGES_BELOW_MEDIAN",
        default: "2",
        meaning: "a script is noted with so many pages fewer than its batch's median, or more",
    },
    Known {
        name: "log.level",
        variable: "COPISTE_LOG_LEVEL",
        default: "warn",
        meaning: "error, warn, info, debug or trace",
    },
    Known { name: "log.format", variable: "COPISTE_LOG_FORMAT", default: "text", meaning: "text or json" },
];

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

    fn read(text: &str) -> anyhow::Result<Settings> {
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
            ("[decoder\n", "not valid TOML"),
        ] {
            let fault = format!("{:#}", read(text).unwrap_err());
            assert!(fault.contains(told), "{text}: {fault}");
        }
    }
}
