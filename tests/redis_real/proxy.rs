//! A proxy between a client and the server that delivers on demand.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use selvedge_redis_server::RedisServer;

/// Listens on its own socket, and opens a connection to the server for each accepted one.
pub(crate) struct Proxy {
    folder: tempfile::TempDir,
    network: Arc<Network>,
}

type Hook = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Network {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    connections: usize,
    /// The number of first connections whose data from the client is held.
    held: usize,
    /// A function that is called once before these bytes are delivered.
    hook: Option<(&'static [u8], Hook)>,
    /// The threads that forward the clients' data.
    carriers: Vec<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) fn start(server: &RedisServer) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let listener = UnixListener::bind(socket(&folder)).expect("the folder is new");
        let (network, server) = (Arc::<Network>::default(), server.socket());
        let shared = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a client");
                let Ok(server) = UnixStream::connect(&server) else { continue };
                shared.carry(client, server);
            }
        });
        Proxy { folder, network }
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", socket(&self.folder).display())
    }

    /// Holds the data sent over the existing connections, even after the client closes them.
    pub(crate) fn hold(&self) {
        let mut state = self.network.state.lock().unwrap();
        state.held = state.connections;
    }

    /// Delivers the held data, and waits until the server has processed it. The client must have
    /// closed all connections.
    pub(crate) fn release(self) {
        let mut state = self.network.state.lock().unwrap();
        state.held = 0;
        self.network.changed.notify_all();
        let carriers = std::mem::take(&mut state.carriers);
        drop(state);
        carriers.into_iter().for_each(|carrier| carrier.join().unwrap());
    }

    /// Calls a function as soon as everything before these bytes has been delivered.
    pub(crate) fn before(&self, bytes: &'static [u8], hook: impl FnOnce() + Send + 'static) {
        self.network.state.lock().unwrap().hook = Some((bytes, Box::new(hook)));
    }
}

impl Network {
    fn carry(self: &Arc<Self>, mut client: UnixStream, mut server: UnixStream) {
        let (mut to_client, mut from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let answers = thread::spawn(move || {
            // Either side may have closed.
            let _ = std::io::copy(&mut from_server, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Both);
        });
        let mut state = self.state.lock().unwrap();
        let number = state.connections;
        state.connections += 1;
        let network = Arc::clone(self);
        state.carriers.push(thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(length @ 1..) = client.read(&mut buffer) {
                if network.deliver(number, &buffer[..length], &mut server).is_err() {
                    break;
                }
            }
            let _ = server.shutdown(Shutdown::Write);
            // The server closes after it has executed everything received.
            answers.join().unwrap();
        }));
    }

    fn deliver(&self, number: usize, bytes: &[u8], server: &mut UnixStream) -> std::io::Result<()> {
        let mut state =
            self.changed.wait_while(self.state.lock().unwrap(), |state| number < state.held).unwrap();
        let at = state
            .hook
            .as_ref()
            .and_then(|(hooked, _)| bytes.windows(hooked.len()).position(|it| it == *hooked));
        let Some(at) = at else { return server.write_all(bytes) };
        let (_, hook) = state.hook.take().unwrap();
        drop(state);
        server.write_all(&bytes[..at])?;
        hook();
        server.write_all(&bytes[at..])
    }
}

fn socket(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("proxy.sock")
}
