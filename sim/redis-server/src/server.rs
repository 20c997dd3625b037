//! The server's process, from start to end.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PROGRAM: &str = "redis-server";

/// A machine under load takes long to start a process; nobody waits longer for this.
const PATIENCE: Duration = Duration::from_secs(20);

/// A redis-server. It listens on a Unix socket alone, keeps nothing on disk but in its temporary folder, and ends when
/// this is dropped.
#[derive(Debug)]
pub struct RedisServer {
    process: Child,
    folder: TempDir,
    arguments: Vec<OsString>,
}

impl RedisServer {
    /// Starts one. If there is no redis-server on this machine, that is an error in CI (`CI=true`); elsewhere a line says
    /// what is skipped, past the test harness, which would keep it to itself.
    ///
    /// # Panics
    ///
    /// If it does not start, and as above.
    pub fn start_or_skip(what: &str) -> Option<Self> {
        match Self::start(&[]) {
            Ok(server) => Some(server),
            Err(error)
                if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none_or(|ci| ci != "true") =>
            {
                let line = format!("skipped: {what}: there is no {PROGRAM} (apt-get install {PROGRAM})\n");
                io::stderr().write_all(line.as_bytes()).expect("stderr can be written to");
                None
            }
            Err(error) => panic!("{PROGRAM} does not start: {error}. Install it: apt-get install {PROGRAM}"),
        }
    }

    /// Starts one with further arguments, as on its command line: `["--maxmemory", "1mb"]`.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no redis-server on this machine; `TimedOut` if it does not answer.
    pub fn start(arguments: &[&str]) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let process = spawn(&folder, &arguments)?;
        let server = RedisServer { process, folder, arguments };
        server.wait()?;
        Ok(server)
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        socket(&self.folder)
    }

    /// Its URL, as redis-rs has it.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Kills it, as a crash does. What it had is lost.
    ///
    /// # Panics
    ///
    /// If that is not possible.
    pub fn crash(&mut self) {
        self.process.kill().expect("a process of ours can be killed");
        self.process.wait().expect("and waited for");
    }

    /// Starts it again after a [`crash`](RedisServer::crash), on the same socket.
    ///
    /// # Panics
    ///
    /// If that is not possible.
    pub fn start_again(&mut self) {
        self.process = spawn(&self.folder, &self.arguments).expect("it did start before");
        self.wait().expect("it did answer before");
    }

    fn wait(&self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = ping(&self.socket()) {
            if Instant::now() >= deadline {
                return Err(io::Error::new(ErrorKind::TimedOut, format!("no answer: {error}")));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended by itself, and there is nobody to tell.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("redis.sock")
}

fn spawn(folder: &TempDir, arguments: &[OsString]) -> io::Result<Child> {
    Command::new(PROGRAM)
        .args(["--port", "0", "--save", "", "--enable-debug-command", "yes", "--unixsocket"])
        .arg(socket(folder))
        .arg("--dir")
        .arg(folder.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
}

fn ping(socket: &PathBuf) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    if answer == *b"+PONG\r\n" { Ok(()) } else { Err(io::Error::other("it is not ready")) }
}
