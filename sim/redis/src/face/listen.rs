//! The server on a socket, for any client.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::{fmt, fs, io};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime;
use tokio::sync::oneshot;

use super::outbox::{Outbox, Piece};
use super::shared::{CYCLE, Shared, TICK};
use crate::resp::{Reply, Requests};
use crate::session::ConnectionId;

/// Maximum size of an incomplete command, in bytes (`client-query-buffer-limit`).
const MOST_UNREAD: usize = 1024 * 1024 * 1024;

/// The address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A local port; 0 selects a free one.
    Port(u16),
    /// A Unix socket.
    Socket(PathBuf),
}

/// The URL that redis-rs and redis-cli accept.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Port(port) => write!(f, "redis://127.0.0.1:{port}"),
            Address::Socket(path) => write!(f, "redis+unix://{}", path.display()),
        }
    }
}

/// A server on a socket, on a thread of its own. It stops when this is dropped.
#[derive(Debug)]
pub struct Listener {
    address: Address,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    pub(super) fn start(shared: Arc<Shared>, address: Address) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (socket, address) = {
            let _entered = runtime.enter();
            bind(address)?
        };
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(socket, &shared) => {}
                    () = tick(&shared) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name("selvedge-redis".to_owned()).spawn(serve)?;
        Ok(Listener { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address in use. It contains the selected port if 0 was requested.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Blocks forever.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread ends only by a panic, which has been printed by then.
            _ = thread.join();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
        if let Address::Socket(path) = &self.address {
            _ = fs::remove_file(path);
        }
    }
}

fn bind(address: Address) -> io::Result<(Socket, Address)> {
    match address {
        Address::Port(port) => {
            let listener = std::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
            listener.set_nonblocking(true)?;
            let port = listener.local_addr()?.port();
            Ok((Socket::Tcp(TcpListener::from_std(listener)?), Address::Port(port)))
        }
        Address::Socket(path) => {
            // A socket file without a listener is left over from an earlier process.
            if path.exists() && std::os::unix::net::UnixStream::connect(&path).is_err() {
                fs::remove_file(&path)?;
            }
            Ok((Socket::Unix(UnixListener::bind(&path)?), Address::Socket(path)))
        }
    }
}

async fn accept(socket: Socket, shared: &Arc<Shared>) {
    loop {
        // Accepting can fail temporarily, for instance without free file descriptors. Retry later.
        let accepted = match &socket {
            Socket::Tcp(listener) => match listener.accept().await {
                Ok((stream, _)) => {
                    _ = stream.set_nodelay(true);
                    let (reader, writer) = stream.into_split();
                    tokio::spawn(serve(reader, writer, shared.clone()));
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Socket::Unix(listener) => match listener.accept().await {
                Ok((stream, _)) => {
                    let (reader, writer) = stream.into_split();
                    tokio::spawn(serve(reader, writer, shared.clone()));
                    Ok(())
                }
                Err(error) => Err(error),
            },
        };
        if accepted.is_err() {
            tokio::time::sleep(CYCLE).await;
        }
    }
}

/// Runs active expiry and ends blocking commands periodically, also while no client sends a
/// command.
async fn tick(shared: &Shared) {
    loop {
        tokio::time::sleep(TICK).await;
        shared.lock().cycle(shared.clock.now());
    }
}

/// Disconnects the connection when dropped, also if its task is cancelled.
struct Served {
    shared: Arc<Shared>,
    connection: ConnectionId,
}

impl Served {
    fn end(&self) {
        self.shared.lock().disconnect(self.connection);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

async fn serve(
    reader: impl AsyncRead + Unpin + Send,
    writer: impl AsyncWrite + Unpin + Send,
    shared: Arc<Shared>,
) {
    let outbox = Outbox::default();
    let connection = shared.lock().connect(Box::new(outbox.clone()));
    let served = Served { shared, connection };
    let read = async {
        // The connection ends when the client closes it or after its last command.
        _ = read(reader, &outbox, &served).await;
        served.end();
    };
    let write = write(writer, &outbox);
    tokio::pin!(read, write);
    tokio::select! {
        // Write the remaining replies. Whether they arrive cannot be observed.
        () = &mut read => drop(write.await),
        _ = &mut write => {}
    }
}

async fn read(mut reader: impl AsyncRead + Unpin, outbox: &Outbox, served: &Served) -> io::Result<()> {
    let Served { shared, connection } = served;
    let mut requests = Requests::default();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let is_waiting = requests.unread() > 0 && shared.lock().server.is_blocked(*connection);
        tokio::select! {
            count = reader.read(&mut buffer) => {
                let count = count?;
                if count == 0 {
                    return Ok(());
                }
                requests.feed(&buffer[..count]);
                if requests.unread() > MOST_UNREAD {
                    return Ok(());
                }
            }
            // The commands after a blocking command execute when it has its reply.
            () = tokio::time::sleep(TICK), if is_waiting => {}
        }
        let mut state = shared.lock();
        loop {
            if state.server.is_blocked(*connection) {
                break;
            }
            match requests.next() {
                Ok(None) if requests.unread() > MOST_UNREAD => return Ok(()),
                Ok(None) => break,
                Ok(Some(words)) => {
                    state.send(*connection, words.into(), shared.clock.now());
                    if !state.server.is_connected(*connection) {
                        return Ok(());
                    }
                }
                Err(error) => {
                    let protocol = state.server.protocol(*connection);
                    outbox.add(|bytes| Reply::from(&error).encode(protocol, bytes));
                    return Ok(());
                }
            }
        }
    }
}

async fn write(mut writer: impl AsyncWrite + Unpin, outbox: &Outbox) -> io::Result<()> {
    while let Some(piece) = outbox.next().await {
        match piece {
            Piece::Bytes(bytes) => writer.write_all(&bytes).await?,
            Piece::Wait(duration) => tokio::time::sleep(duration).await,
        }
    }
    writer.shutdown().await
}
