//! The settings of the HTTP side.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::bail;

use super::Settings;
use super::known::KNOWN;
use crate::front::Limits;

impl Settings {
    /// Refuses what the front could not work with.
    pub(super) fn check_http(&self) -> anyhow::Result<()> {
        let numbers = KNOWN.iter().map(|known| known.name).filter(|name| name.starts_with("http."));
        for name in numbers.filter(|name| *name != "http.trusted_proxies") {
            if self.number(name)? == 0 {
                bail!("CLI-006 {name} must be at least 1");
            }
        }
        // The handlers take no more than 64 MiB of a body, whatever the front lets through.
        if self.number("http.body_kb")? > 64 << 10 {
            bail!("CLI-006 http.body_kb must be at most 65536");
        }
        self.proxies().map(drop)
    }

    fn proxies(&self) -> anyhow::Result<Vec<IpAddr>> {
        let listed = self.text("http.trusted_proxies").split(',').map(str::trim);
        let listed = listed.filter(|text| !text.is_empty());
        listed
            .map(|text| match text.parse::<IpAddr>() {
                Ok(address) => Ok(address.to_canonical()),
                Err(_) => {
                    bail!("CLI-006 http.trusted_proxies must be addresses such as 127.0.0.1, not {text:?}")
                }
            })
            .collect()
    }

    /// The proxies that are believed.
    pub(crate) fn trusted_proxies(&self) -> Vec<IpAddr> {
        // Read once already, so that all of them are addresses.
        self.proxies().unwrap_or_default()
    }

    /// What the front bounds.
    pub(crate) fn front_limits(&self) -> Limits {
        let seconds = |name| Duration::from_secs(self.checked(name) as u64);
        Limits {
            head_deadline: seconds("http.head_deadline_s"),
            body_deadline: seconds("http.body_deadline_s"),
            idle: seconds("http.idle_s"),
            stall: seconds("http.stall_s"),
            body_bytes: self.checked("http.body_kb") << 10,
            connections: self.checked("http.connections"),
            per_address: self.checked("http.per_address"),
            busy: self.checked("http.busy"),
            sendings: self.checked("http.sendings"),
            ..Limits::default()
        }
    }

    /// How long running downloads may go on once the server is to end.
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(self.checked("http.grace_s") as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn the_front_stands_by_default_at_its_own_limits() {
        let settings = read("").unwrap();
        assert_eq!(settings.front_limits(), Limits::default());
        assert_eq!(settings.trusted_proxies(), Vec::<IpAddr>::new());
    }

    #[test]
    fn limits_and_proxies_are_read() {
        let settings = read("[http]\nbody_kb = 2\ntrusted_proxies = \"127.0.0.1, ::1\"\n").unwrap();
        assert_eq!(settings.front_limits().body_bytes, 2048);
        let wanted: Vec<IpAddr> = vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        assert_eq!(settings.trusted_proxies(), wanted);
    }
}
