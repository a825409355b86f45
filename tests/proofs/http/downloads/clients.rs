//! Programs that are not ours.

use std::fs;

use copiste_tests::command::run;
use copiste_tests::needs;

use super::{Shelf, same};

/// All of it, then in pieces of odd lengths, then only if it has changed.
const PYTHON: &str = r#"
import sys, urllib.request, urllib.error
url, token, out = sys.argv[1:]

def ask(**headers):
    headers["Authorization"] = "Bearer " + token
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers))

with ask() as answer:
    whole, tag = answer.read(), answer.headers["ETag"]
    assert int(answer.headers["Content-Length"]) == len(whole)
pieces, at = b"", 0
while at < len(whole):
    end = min(at + 333_333 + at // 7, len(whole))
    with ask(Range=f"bytes={at}-{end - 1}", **{"If-Range": tag}) as answer:
        assert answer.status == 206, answer.status
        assert answer.headers["Content-Range"] == f"bytes {at}-{end - 1}/{len(whole)}"
        pieces += answer.read()
    at = end
assert pieces == whole
try:
    ask(**{"If-None-Match": tag})
    raise SystemExit("it was sent again")
except urllib.error.HTTPError as error:
    assert error.code == 304, error.code
open(out, "wb").write(whole)
"#;

/// Reads the archive as it comes, which needs every size in front of its bytes.
const JAVA: &str = r#"
import java.io.*;
import java.net.*;
import java.util.zip.*;
public class ReadServed {
  public static void main(String[] args) throws Exception {
    URLConnection connection = new URL(args[0]).openConnection();
    connection.setRequestProperty("Authorization", "Bearer " + args[1]);
    int entries = 0;
    byte[] buffer = new byte[1 << 16];
    try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(connection.getInputStream()))) {
      for (ZipEntry entry; (entry = zip.getNextEntry()) != null; entries++) {
        long length = 0;
        CRC32 sum = new CRC32();
        for (int n; (n = zip.read(buffer)) > 0; length += n) sum.update(buffer, 0, n);
        if (entry.getSize() != length || entry.getCrc() != sum.getValue()) throw new IOException(entry.getName());
      }
    }
    System.out.println(entries);
  }
}
"#;

#[test]
fn curl_wget_and_python_save_the_bytes_that_render_writes() {
    needs!(Curl, Wget, Python);
    let shelf = Shelf::of("12", "114");
    let (url, bearer) = (shelf.address(), shelf.bearer());
    let out = |name: &str| shelf.academy.path(name);
    run("curl", &[&"-sSf", &"-H", &bearer, &"-o", &out("curl.zip"), &url]).expect(0);
    let header = format!("--header={bearer}");
    run("wget", &[&"-q", &"--no-proxy", &header, &"-O", &out("wget.zip"), &url]).expect(0);
    run("python3", &[&"-c", &PYTHON, &url, &shelf.token, &out("python.zip")]).expect(0);
    // The name that the server gives it.
    let named = out("named");
    fs::create_dir(&named).expect("a folder");
    run("curl", &[&"-sSfOJ", &"--output-dir", &named, &"-H", &bearer, &url]).expect(0);
    let name = format!("named/{}.zip", shelf.academy.exam());
    for name in ["curl.zip", "wget.zip", "python.zip", &name] {
        same(&fs::read(out(name)).expect("it was saved"), &shelf.reference, name);
    }
    for line in shelf.served.accesses().iter().filter(|line| line["bytes"] == shelf.reference.len()) {
        assert_eq!(line["whole"], true, "{line}");
    }
}

#[test]
fn javas_stream_reader_takes_the_archive_as_it_comes() {
    needs!(Java);
    let shelf = Shelf::of("12", "115");
    let source = shelf.academy.path("ReadServed.java");
    fs::write(&source, JAVA).expect("the reader can be written");
    let java = run("java", &[&source, &shelf.address(), &shelf.token]).expect(0).out;
    let copies = copiste_tests::academy::lines(&shelf.academy.bundle(), "scripts.jsonl").len();
    assert_eq!(java.trim(), (copies + 1).to_string(), "the copies and the list in front");
}
