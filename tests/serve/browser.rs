//! The page in a browser: a user's actions on the real server. Needs Chromium.
//!
//! The browser loads the page through a small server of the test, which adds the script of the test
//! to it and passes runs on. The script posts its log there.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use std::{env, fs, thread};

use serde_json::Value;

use super::server::{Client, Server};

const DRIVE: &str = include_str!("drive.js");

/// The frame of a phone, because a window cannot be as narrow.
const FRAME: &str = r#"<!doctype html><meta charset="utf-8"><iframe src="/" style="border: 0; width: 390px; height: 800px"></iframe>"#;

/// The time in which a page must have been driven.
const PATIENCE: Duration = Duration::from_secs(120);

/// The path of Chromium. `None`: it is missing, which fails in CI.
fn chromium() -> Option<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        let why = "there is no chromium (apt-get install chromium)";
        assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{why}");
        _ = writeln!(io::stderr(), "skipped: the page was not looked at in a browser; {why}");
    }
    found
}

/// A browser that ends with this value.
struct Browser(Child);

impl Drop for Browser {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn command(program: &Path, name: &str) -> Command {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("serve-{name}"));
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    let mut command = Command::new(program);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--window-size=1280,800"]);
    command.arg(format!("--user-data-dir={}", folder.display())).stderr(Stdio::null());
    command
}

/// Opens `path` of the test's server in a browser, with the script in the page. Returns its log.
fn drive(program: &Path, name: &str, path: &str, script: &str) -> Value {
    let server = Server::new("20s");
    let script = format!("<script>\"use strict\";\n{DRIVE}{script}\n</script>\n");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the test");
    let own = listener.local_addr().expect("its address");
    let (sender, log) = channel();
    let shared = Arc::new((server.client(), script));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (shared, sender) = (Arc::clone(&shared), sender.clone());
            // A connection that the browser closes early is not an error.
            thread::spawn(move || _ = pass_on(stream, &shared.0, &shared.1, &sender));
        }
    });
    let mut command = command(program, name);
    let browser = command.arg(format!("http://{own}{path}")).stdout(Stdio::null()).spawn();
    let _browser = Browser(browser.expect("chromium runs"));
    let text = log.recv_timeout(PATIENCE).expect("the page is driven in time");
    let log: Value = serde_json::from_str(&text).expect(&text);
    assert_eq!(log["wrong"], Value::Null, "{}", log["wrong"].as_str().unwrap_or_default());
    log
}

/// Answers a request of the browser.
fn pass_on(mut stream: TcpStream, server: &Client, script: &str, log: &Sender<String>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let page = |stream: &mut TcpStream, text: &str| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close";
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{text}", text.len())
    };
    match head.split(' ').take(2).collect::<Vec<_>>()[..] {
        ["GET", "/"] => {
            let served = server.request("GET / HTTP/1.1\r\nHost: HOST\r\n\r\n").body;
            page(&mut stream, &served.replacen("<body>", &format!("<body>{script}"), 1))
        }
        ["GET", "/frame"] => page(&mut stream, FRAME),
        ["POST", "/run"] => {
            let request: Value = serde_json::from_str(&body).map_err(io::Error::other)?;
            let mut run = server.send(&server.run_request(&request));
            // The lines pass as they arrive. If the browser has gone, so has this client.
            io::copy(&mut run, &mut stream).map(drop)
        }
        ["POST", "/log"] => {
            _ = log.send(body);
            page(&mut stream, "")
        }
        _ => write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    }
}

#[test]
fn a_user_pastes_runs_steps_and_saves() {
    let Some(program) = chromium() else { return };
    let log = drive(&program, "desk", "/", include_str!("desk.js"));
    let saved = log["saved"].as_str().expect("the saved page");
    // The saved page shows the same without the server.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("serve-saved.html");
    fs::write(&file, saved).expect("a file for the test");
    assert!(saved.contains("content=\"default-src 'none'; style-src"), "a saved page calls no server");
    let mut command = command(&program, "saved");
    command.args(["--virtual-time-budget=5000", "--dump-dom"]);
    let output = command.arg(format!("file://{}", file.display())).output().expect("chromium runs");
    let dom = String::from_utf8(output.stdout).expect("a document is UTF-8");
    let body = &dom[dom.rfind("<body").expect("a body")..];
    for shown in [
        "class=\"saved\"",
        "Stale: observer's get user:1 returned v0",
        "mine.star",
        "cache=broken",
        "Saved by selvedge",
        "6 of 6",
    ] {
        assert!(body.contains(shown), "{shown}: {body}");
    }
}

#[test]
fn mistakes_are_marked_in_the_editor() {
    let Some(program) = chromium() else { return };
    drive(&program, "mistakes", "/", include_str!("mistakes.js"));
}

#[test]
fn a_run_shows_its_progress_and_can_be_cancelled() {
    let Some(program) = chromium() else { return };
    drive(&program, "cancel", "/", include_str!("cancel.js"));
}

#[test]
fn the_page_fits_a_phone() {
    let Some(program) = chromium() else { return };
    drive(&program, "phone", "/frame", include_str!("phone.js"));
}
