//! The process of a redis-server.

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

/// Long, because a machine under load starts processes slowly.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(20);

/// A redis-server process. It listens only on a Unix socket, writes only to its temporary folder,
/// and is killed on drop.
#[derive(Debug)]
pub struct RedisServer {
    process: Child,
    folder: TempDir,
    arguments: Vec<OsString>,
}

impl RedisServer {
    /// Starts a redis-server. If none is installed, writes a line to stderr that names the skipped
    /// test, `what`, and returns `None`. It does not use `eprintln!`, which the test harness
    /// captures.
    ///
    /// # Panics
    ///
    /// If the server does not start, or if none is installed and `CI=true`.
    pub fn start_or_skip(what: &str) -> Option<Self> {
        match Self::start(&[]) {
            Ok(server) => Some(server),
            Err(error)
                if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none_or(|ci| ci != "true") =>
            {
                let line =
                    format!("skipped: {what}: {PROGRAM} is not installed (apt-get install {PROGRAM})\n");
                io::stderr().write_all(line.as_bytes()).expect("stderr is writable");
                None
            }
            Err(error) => panic!("cannot start {PROGRAM}: {error}. To install it: apt-get install {PROGRAM}"),
        }
    }

    /// Starts a redis-server with additional command-line arguments, such as
    /// `["--maxmemory", "1mb"]`.
    ///
    /// # Errors
    ///
    /// `NotFound` if no redis-server is installed; `TimedOut` if it does not reply within 20 s.
    pub fn start(arguments: &[&str]) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let process = spawn(&folder, &arguments)?;
        let server = RedisServer { process, folder, arguments };
        server.wait()?;
        Ok(server)
    }

    /// The path of the server's socket.
    pub fn socket(&self) -> PathBuf {
        socket(&self.folder)
    }

    /// The server's URL, in redis-rs' format.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Kills the process, like a crash. The data is lost.
    ///
    /// # Panics
    ///
    /// If the process cannot be killed.
    pub fn crash(&mut self) {
        self.process.kill().expect("a child process can be killed");
        self.process.wait().expect("a killed child process can be waited for");
    }

    /// Restarts the server after a [`crash`](RedisServer::crash), on the same socket.
    ///
    /// # Panics
    ///
    /// If the server does not start or does not reply within 20 s.
    pub fn start_again(&mut self) {
        self.process = spawn(&self.folder, &self.arguments).expect("redis-server restarts");
        self.wait().expect("redis-server replies after the restart");
    }

    fn wait(&self) -> io::Result<()> {
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        while let Err(error) = ping(&self.socket()) {
            if Instant::now() >= deadline {
                return Err(io::Error::new(ErrorKind::TimedOut, format!("no reply to PING: {error}")));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // The process may have exited already, and `drop` cannot report errors.
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
    if answer == *b"+PONG\r\n" { Ok(()) } else { Err(io::Error::other("the server is not ready")) }
}
