//! A real redis-server, for as long as the test runs.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, io, process, thread};

/// A real redis-server on a Unix socket in a folder of its own. It ends, and the folder goes, when this is dropped.
pub(crate) struct RedisServer {
    process: Child,
    folder: PathBuf,
}

impl RedisServer {
    /// Starts one. `None` if there is no redis-server to start, which CI does not accept.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let folder = env::temp_dir().join(format!("selvedge-redis-{name}-{}", process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let started = Command::new("redis-server")
            .args(["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--appendonly", "no"])
            .args(["--enable-debug-command", "yes"])
            .current_dir(&folder)
            .stdout(Stdio::null())
            .spawn();
        let process = match started {
            Ok(process) => process,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                assert!(env::var("CI").as_deref() != Ok("true"), "there is no redis-server: install it");
                _ = fs::remove_dir_all(&folder);
                return None;
            }
            Err(error) => panic!("redis-server does not start: {error}"),
        };
        let server = RedisServer { process, folder };
        for _ in 0..1000 {
            if UnixStream::connect(server.socket()).is_ok() {
                return Some(server);
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not answer on {}", server.socket().display());
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        Path::new(&self.folder).join("redis.sock")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        _ = fs::remove_dir_all(&self.folder);
    }
}
