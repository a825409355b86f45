//! Archives through nginx: from any byte, after a cut and a restart, and never put aside on its disk.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use copiste_tests::{needs, size, sources};

use super::super::downloads::{Shelf, same};
use super::{Nginx, trusting};

#[test]
fn an_archive_comes_through_whole_in_parts_after_a_cut_and_a_restart_and_is_not_put_aside() {
    needs!(Nginx, OpenSsl, Curl);
    let mut shelf = Shelf::with(size::pick("40", "400"), "147", trusting());
    let nginx = Nginx::before(&shelf.served.authority, &shelf.academy.path(""));
    let (url, bearer) = (nginx.url(&shelf.zip), shelf.bearer());
    let out = shelf.academy.path("part.zip").display().to_string();
    let curl = |more: &[&str]| nginx.curl("127.0.0.3", &[&["-f", "-H", &bearer, &url], more].concat());
    let length = shelf.reference.len();

    let head = curl(&["-I"]).expect(0).out.to_lowercase();
    assert!(head.contains(&format!("content-length: {length}\r\n")), "{head}");
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag").trim().to_owned();
    assert!(tag.starts_with('"'), "{tag} is not a strong one any more");
    curl(&["-o", &out]).expect(0);
    same(&fs::read(&out).expect("it was saved"), &shelf.reference, "the whole");
    for (range, known, expected) in [
        ("0-9", tag.as_str(), &shelf.reference[..10]),
        ("1000-1999", &tag, &shelf.reference[1000..2000]),
        ("-7", &tag, &shelf.reference[length - 7..]),
        ("1000-1999", "\"another\"", &shelf.reference[..]),
    ] {
        let condition = format!("If-Range: {known}");
        curl(&["-r", range, "-H", &condition, "-o", &out]).expect(0);
        same(&fs::read(&out).expect("it was saved"), expected, &format!("{range} if {known}"));
    }
    let condition = format!("If-None-Match: {tag}");
    assert_eq!(curl(&["-H", &condition, "-o", "/dev/null", "-w", "%{http_code}"]).expect(0).out, "304");

    for cut in [1, length / 3, length - 1] {
        let mut cutting = Command::new("curl");
        cutting.args(nginx.reached("127.0.0.3")).args(["-N", "-H", &bearer, &url]);
        let mut cutting = cutting
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("curl starts");
        let mut got = vec![0; cut];
        cutting.stdout.as_mut().expect("a pipe").read_exact(&mut got).expect("it comes");
        // A reader who stalls: what nginx cannot give him stays with the server.
        let aside: u64 = sources::files(&nginx.folder.join("proxy"))
            .iter()
            .map(|path| fs::metadata(path).map_or(0, |file| file.len()))
            .sum();
        assert_eq!(aside, 0, "nginx has put the archive aside");
        shelf.served.kill();
        drop(cutting.stdout.take());
        cutting.wait().expect("curl ends");
        fs::write(&out, &got).expect("what came is kept");
        shelf.served.again();
        curl(&["-C", "-", "-o", &out]).expect(0);
        same(&fs::read(&out).expect("an archive"), &shelf.reference, &format!("cut at {cut}"));
    }
    let errors = nginx.errors();
    assert!(!errors.contains("buffered to a temporary file"), "{errors}");
    shelf.served.stop();
    shelf.academy.verified();
}
