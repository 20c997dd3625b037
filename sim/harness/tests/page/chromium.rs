//! A headless Chromium: opens a page, and returns the messages of the page's script to the frame
//! around it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// The size of a screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) theme: Theme,
}

/// The reader's colour preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    Light,
    Dark,
}

/// The frame has the width of the screen, because a window cannot be as narrow as a phone.
const FRAME: &str = r#"<!doctype html><meta charset="utf-8"><pre id="result"></pre>
<script>addEventListener("message", (event) => { document.getElementById("result").textContent = event.data; });</script>
<iframe src="page.html" style="border: 0; width: WIDTHpx; height: HEIGHTpx"></iframe>
"#;

/// Returns the message of the page's script to the frame around it. Writes the files to the folder.
/// Returns `None` if Chromium is missing: the test then prints that it was skipped, and fails in
/// CI.
pub(super) fn chromium(folder: &Path, page: &str, screen: Screen) -> Option<String> {
    let Some(program) = program() else {
        let why = "there is no chromium (apt-get install chromium)";
        assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{why}");
        _ = writeln!(std::io::stderr(), "skipped: the page was not looked at in a browser; {why}");
        return None;
    };
    fs::create_dir_all(folder).expect("a folder for the test");
    let frame =
        FRAME.replace("WIDTH", &screen.width.to_string()).replace("HEIGHT", &screen.height.to_string());
    fs::write(folder.join("frame.html"), frame).expect("a page for the test");
    fs::write(folder.join("page.html"), page).expect("a page for the test");
    let preferred = match screen.theme {
        Theme::Dark => 0,
        Theme::Light => 1,
    };
    let mut command = Command::new(program);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--virtual-time-budget=10000", "--dump-dom"]);
    command.arg(format!("--window-size={},{}", screen.width + 50, screen.height + 50));
    command.arg(format!("--blink-settings=preferredColorScheme={preferred}"));
    command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    let frame = folder.join("frame.html").canonicalize().expect("the page is there");
    let output = command.arg(format!("file://{}", frame.display())).stderr(Stdio::null()).output();
    let dom = String::from_utf8(output.expect("chromium runs").stdout).expect("a document is UTF-8");
    let (_, rest) = dom.split_once("<pre id=\"result\">").unwrap_or_else(|| panic!("no frame in\n{dom}"));
    let (text, _) = rest.split_once("</pre>").expect("its end");
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&"))
}

fn program() -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file())
}
