//! A real browser: Debian's chromium, driven through chromedriver as WebDriver says (W3C). Clicks are those of a
//! person: what is covered or not there cannot be clicked.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::Ask;
use crate::place;

/// How long a page may take before the test says that it does not come: many times what one takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name under which WebDriver speaks of an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One window of a browser of its own; ended with the value.
pub struct Browser {
    driver: Child,
    /// Where chromedriver listens.
    authority: String,
    session: String,
    /// What the addresses of pages begin with: `http://127.0.0.1:43817`.
    base: String,
    folder: TempDir,
}

impl Browser {
    /// Opens a window; addresses of pages begin with `base`.
    ///
    /// # Panics
    /// When there is no browser; so for all that follow, when what they ask for cannot be done.
    #[track_caller]
    pub fn open(base: &str) -> Browser {
        let folder = place::scratch();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut said = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = said
            .find_map(|line| {
                let line = line.expect("chromedriver says where it is");
                let (_, port) = line.split_once("started successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver starts");
        // Whatever else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || said.for_each(drop));
        let authority = format!("127.0.0.1:{port}");
        let downloads = folder.path().join("downloads");
        fs::create_dir(&downloads).expect("a folder for downloads");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
            &format!("--user-data-dir={}", folder.path().join("profile").display()),
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "acceptInsecureCerts": true,
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments, "prefs": {
                "download.default_directory": downloads,
                "download.prompt_for_download": false,
                "plugins.always_open_pdf_externally": true,
            } },
        } } });
        let reply = Ask::new("POST", "/session").json(&capabilities).open(&authority).announced();
        let session = reply.value()["value"]["sessionId"].as_str().map(str::to_owned);
        let session = session.unwrap_or_else(|| panic!("no window: {}", reply.text()));
        Browser { driver, authority, session, base: base.to_owned(), folder }
    }

    /// One command; its value, or what WebDriver says is wrong.
    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let ask = Ask::new(method, &format!("/session/{}/{path}", self.session));
        let ask = if method == "POST" { ask.json(body) } else { ask };
        let reply = ask.open(&self.authority).announced();
        let value = reply.value()["value"].clone();
        if reply.status == 200 { Ok(value) } else { Err(format!("{path}: {value}")) }
    }

    #[track_caller]
    fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        self.command(method, path, body).unwrap_or_else(|fault| panic!("{fault}; on {}", self.place()))
    }

    /// Goes to a page by its path.
    #[track_caller]
    pub fn go(&self, path: &str) {
        self.done("POST", "url", &json!({ "url": format!("{}{path}", self.base) }));
    }

    /// The path of the page that is shown, with its query.
    #[track_caller]
    pub fn place(&self) -> String {
        let url = self.command("GET", "url", &Value::Null).unwrap_or_default();
        url.as_str().unwrap_or_default().trim_start_matches(&self.base).to_owned()
    }

    /// What a person reads on the page.
    #[track_caller]
    pub fn text(&self) -> String {
        let read = "return document.body ? document.body.innerText : ''";
        self.script(read, &json!([])).as_str().unwrap_or_default().to_owned()
    }

    /// What an expression of JavaScript is, as `return …` says.
    #[track_caller]
    pub fn script(&self, text: &str, arguments: &Value) -> Value {
        self.done("POST", "execute/sync", &json!({ "script": text, "args": arguments }))
    }

    /// What a script gives to its last argument.
    #[track_caller]
    pub fn script_later(&self, text: &str) -> Value {
        self.done("POST", "timeouts", &json!({ "script": PATIENCE.as_millis() }));
        self.done("POST", "execute/async", &json!({ "script": text, "args": [] }))
    }

    /// How many elements there are.
    #[track_caller]
    pub fn count(&self, css: &str) -> usize {
        let found = self.done("POST", "elements", &json!({ "using": "css selector", "value": css }));
        found.as_array().map_or(0, Vec::len)
    }

    fn find(&self, using: &str, value: &str) -> Result<String, String> {
        let mut found = self.command("POST", "element", &json!({ "using": using, "value": value }));
        let began = Instant::now();
        while found.is_err() && began.elapsed() < PATIENCE / 6 {
            std::thread::sleep(Duration::from_millis(50));
            found = self.command("POST", "element", &json!({ "using": using, "value": value }));
        }
        Ok(found?[ELEMENT].as_str().unwrap_or_default().to_owned())
    }

    #[track_caller]
    fn element(&self, using: &str, value: &str) -> String {
        self.find(using, value)
            .unwrap_or_else(|fault| panic!("{fault}; on {}:\n{}", self.place(), self.text()))
    }

    /// Clicks what CSS finds first.
    #[track_caller]
    pub fn click(&self, css: &str) {
        let element = self.element("css selector", css);
        self.done("POST", &format!("element/{element}/click"), &json!({}));
    }

    /// Clicks the link or button that is called so: its own text, or what screen readers say.
    #[track_caller]
    pub fn press(&self, name: &str) {
        let quoted = format!("\"{name}\"");
        let named = format!("[normalize-space(.)={quoted} or @aria-label={quoted}]");
        let element = self.element("xpath", &format!("//a{named}|//button{named}|//summary{named}"));
        self.done("POST", &format!("element/{element}/click"), &json!({}));
    }

    /// Types into the field with this label, over what was there.
    #[track_caller]
    pub fn fill(&self, label: &str, text: &str) {
        let element = self.labelled(label);
        self.done("POST", &format!("element/{element}/clear"), &json!({}));
        self.done("POST", &format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// Clicks the box with this label.
    #[track_caller]
    pub fn tick(&self, label: &str) {
        let element = self.labelled(label);
        self.done("POST", &format!("element/{element}/click"), &json!({}));
    }

    /// Sends keys to the page, as WebDriver writes them.
    #[track_caller]
    pub fn keys(&self, text: &str) {
        let element = self.element("css selector", "body");
        self.done("POST", &format!("element/{element}/value"), &json!({ "text": text }));
    }

    #[track_caller]
    fn labelled(&self, label: &str) -> String {
        let quoted = format!("\"{label}\"");
        let fields = "*[self::input or self::textarea or self::select]";
        let by_for = format!("//{fields}[@id=//label[starts-with(normalize-space(.),{quoted})]/@for]");
        self.element("xpath", &format!("{by_for}|//{fields}[@aria-label={quoted}]"))
    }

    /// Waits until the page says something.
    #[track_caller]
    pub fn reads(&self, text: &str) {
        let began = Instant::now();
        let mut shown = self.text();
        while !plain(&shown).contains(&plain(text)) {
            assert!(began.elapsed() < PATIENCE, "{text:?} is not on {}:\n{shown}", self.place());
            std::thread::sleep(Duration::from_millis(50));
            shown = self.text();
        }
    }

    /// Whether the page says something now.
    #[track_caller]
    pub fn says(&self, text: &str) -> bool {
        plain(&self.text()).contains(&plain(text))
    }

    /// Makes the window as wide and as high as that, in pixels of CSS.
    #[track_caller]
    pub fn size(&self, width: u32, height: u32) {
        self.done("POST", "window/rect", &json!({ "width": width, "height": height }));
    }

    /// Keeps a picture of the window, to be looked at, under `target/proofs/screens`.
    #[track_caller]
    pub fn picture(&self, name: &str) -> PathBuf {
        use base64::Engine as _;
        let picture = self.done("GET", "screenshot", &Value::Null);
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap_or_default());
        let path = place::leavings("screens").join(format!("{name}.png"));
        fs::write(&path, bytes.expect("a picture is base64")).expect("a picture can be kept");
        path
    }

    /// Waits for a download whose name ends so, until it is whole.
    #[track_caller]
    pub fn downloaded(&self, ending: &str) -> PathBuf {
        let began = Instant::now();
        loop {
            let found = files(&self.folder.path().join("downloads"));
            let under_way = found.iter().any(|path| path.extension().is_some_and(|e| e == "crdownload"));
            let wanted = found.iter().find(|path| path.to_string_lossy().ends_with(ending));
            match wanted {
                Some(path) if !under_way => return path.clone(),
                _ => assert!(began.elapsed() < PATIENCE, "no {ending} among {found:?}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the browser itself complains of since it was asked last: scripts that fail, what the policy of
    /// content forbids, what is not found.
    #[track_caller]
    pub fn complaints(&self) -> Vec<String> {
        let log = self.done("POST", "se/log", &json!({ "type": "browser" }));
        let lines = log.as_array().into_iter().flatten();
        lines
            .filter(|line| line["level"] == "SEVERE")
            .map(|line| line["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// What axe-core finds wrong on the page: rules of WCAG 2.2 A and AA, and what is held to be good practice.
    #[track_caller]
    pub fn violations(&self) -> Vec<String> {
        let axe = fs::read_to_string(axe()).expect("axe-core can be read");
        self.script(&format!("{axe}; return true"), &json!([]));
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] })
              .then(found => done(found.violations.map(one => [one.id, one.nodes.map(node => node.html)])))
              .catch(fault => done([['axe', [String(fault)]]]));";
        let found = self.script_later(run);
        found.as_array().expect("a list").iter().map(Value::to_string).collect()
    }
}

/// Where `.ci/setup` puts axe-core.
pub fn axe() -> PathBuf {
    place::workspace().join("target/npm/node_modules/axe-core/axe.min.js")
}

/// With ordinary spaces, whatever spaces French puts before its signs.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let picture = self.command("GET", "url", &Value::Null);
            eprintln!("the browser was at {picture:?}");
        }
        // Ends the browser; the driver may be gone already.
        let _ = self.command("DELETE", "", &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
