//! The units for systemd, judged by systemd.

use std::ffi::OsStr;
use std::fs;

use copiste_tests::command::run;
use copiste_tests::{needs, place};

const UNITS: [&str; 3] = ["copiste.service", "copiste-backup.service", "copiste-backup.timer"];

#[test]
fn systemd_takes_the_units_without_a_word_and_finds_little_that_the_server_is_exposed_to() {
    needs!(SystemdAnalyze);
    let folder = place::scratch();
    let binary = place::binary("copiste").display().to_string();
    for name in UNITS {
        let unit = fs::read_to_string(place::workspace().join("server/systemd").join(name)).expect("a unit");
        // This machine has the program elsewhere, and not its user.
        let unit = unit.replace("/usr/local/bin/copiste", &binary).replace("=copiste\n", "=root\n");
        fs::write(folder.path().join(name), unit.replace("StateDirectory=root", "StateDirectory=copiste"))
            .expect("it is written");
    }
    let paths = UNITS.map(|name| folder.path().join(name));
    let mut verify: Vec<&dyn AsRef<OsStr>> = vec![&"verify", &"--man=no"];
    verify.extend(paths.iter().map(|path| path as &dyn AsRef<OsStr>));
    let verified = run("systemd-analyze", &verify).expect(0);
    let about_ours: Vec<&str> = verified.err.lines().filter(|line| line.contains("copiste")).collect();
    assert!(about_ours.is_empty(), "{about_ours:#?}");
    // As the unit is, with its own user: 2.0 of 10 at most, where an ordinary service has 9.6.
    let unit = place::workspace().join("server/systemd/copiste.service");
    run("systemd-analyze", &[&"security", &"--offline=true", &"--threshold=20", &"--no-pager", &unit])
        .expect(0);
}

#[test]
fn the_readme_shows_how_the_units_are_put_in_place() {
    let readme = fs::read_to_string(place::workspace().join("README.md")).expect("there is a README");
    for name in UNITS {
        assert!(readme.contains(name), "{name}");
    }
}
