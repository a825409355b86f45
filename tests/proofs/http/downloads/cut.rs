//! Cut, killed, begun again: the same archive in the end.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use copiste_tests::command::run;
use copiste_tests::{needs, size};

use super::parts::random;
use super::{Shelf, same};

#[test]
fn curl_goes_on_after_a_cut_at_any_byte_and_a_kill_of_the_server_and_has_the_same_archive() {
    needs!(Curl);
    let mut shelf = Shelf::of("40", "116");
    let length = shelf.reference.len() as u64;
    let (url, bearer) = (shelf.address(), shelf.bearer());
    let part = shelf.academy.path("part.zip");
    for cut in random(1..length, size::pick(5, 20)) {
        let mut curl = Command::new("curl");
        curl.args(["-sSN", "-H", &bearer, &url])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut curl = curl.spawn().expect("curl starts");
        let mut got = Vec::new();
        let pipe = curl.stdout.as_mut().expect("a pipe");
        pipe.take(cut).read_to_end(&mut got).expect("it comes");
        assert_eq!(got.len() as u64, cut);
        // It is in the middle of sending, or has just sent the rest.
        shelf.served.kill();
        drop(curl.stdout.take());
        curl.wait().expect("curl ends");
        fs::write(&part, &got).expect("what came is kept");
        shelf.served.again();
        run("curl", &[&"-sSf", &"-C", &"-", &"-H", &bearer, &"-o", &part, &url]).expect(0);
        same(&fs::read(&part).expect("an archive"), &shelf.reference, &format!("cut at {cut}"));
        // Whoever has gone on to the last byte has the whole.
        let line = shelf.served.accesses();
        let line = line.iter().find(|line| line["bytes"] == length - cut);
        assert!(line.is_some_and(|line| line["whole"] == true), "cut at {cut}: {line:?}");
    }
    shelf.served.stop();
    shelf.academy.verified();
}

#[test]
fn an_archive_that_has_changed_meanwhile_is_not_gone_on_with() {
    let shelf = Shelf::of("6", "117");
    let tag = shelf.served.send(&shelf.ask().into_head()).expect(200);
    let tag = tag.header("etag").expect("a tag").to_owned();
    shelf.academy.copiste("settings", &[&shelf.academy.exam(), &"render_appreciation=false"]).expect(0);
    let other = fs::read(shelf.academy.rendered("other.zip", &[])).expect("an archive");
    assert!(other != shelf.reference, "nothing has changed");
    let reply =
        shelf.served.send(&shelf.ask().with("Range", "bytes=1000-").with("If-Range", &tag)).expect(200);
    same(&reply.body, &other, "the new one from its beginning");
}
