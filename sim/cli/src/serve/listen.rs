//! Listens on loopback, and answers each connection on a thread of its own.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use selvedge_sim::number::lasted;

use super::answer::{self, Refusal};
use super::child;
use super::guard::Guard;
use super::limits::{CONNECTIONS, GRACE, LONGEST_BUDGET, PATIENCE, RUNS};
use super::page::page;
use super::request::{self, Request};
use crate::args::ServeOptions;
use crate::error::Failure;
use crate::interrupt::{INTERRUPTED, Interrupt};

/// The interval between polls of the listener and of the interrupt.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What all connections share. The strong references of `places` and `runs` count those in use.
struct Server {
    guard: Guard,
    page: String,
    budget: Duration,
    interrupt: Interrupt,
    places: Arc<()>,
    runs: Arc<()>,
}

/// Serves the page until interrupted.
pub(crate) fn run(options: &ServeOptions, interrupt: &Interrupt, out: &mut dyn Write) -> Result<u8, Failure> {
    if options.budget > LONGEST_BUDGET {
        let most = lasted(LONGEST_BUDGET);
        return Err(Failure::Serve(format!("a run cannot have more than {most}: choose a shorter --budget")));
    }
    let listener = listen(options.address())?;
    let failed = |error: io::Error| Failure::Serve(format!("cannot serve the page: {error}"));
    let address = listener.local_addr().map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let server = Arc::new(Server {
        guard: Guard::new(address),
        page: page(options.budget),
        budget: options.budget,
        interrupt: interrupt.clone(),
        places: Arc::new(()),
        runs: Arc::new(()),
    });
    writeln!(out, "Open http://{address}/ in a browser of this machine. Ctrl-C ends the server.")?;
    out.flush()?;
    let _serving = interrupt.searching();
    while !interrupt.is_set() {
        match listener.accept() {
            Ok((stream, from)) if from.ip().is_loopback() => accept(&server, stream),
            Ok(_) => {}
            Err(_) => thread::sleep(POLL_INTERVAL),
        }
    }
    // The connections end the processes of their runs.
    let until = Instant::now() + GRACE;
    while Arc::strong_count(&server.runs) > 1 && Instant::now() < until {
        thread::sleep(POLL_INTERVAL);
    }
    Ok(INTERRUPTED)
}

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    if !address.ip().is_loopback() {
        return Err(Failure::Serve(format!(
            "{address} is not a loopback address: the page runs what is pasted into it, so it is served to this machine \
             only; use 127.0.0.1 or [::1]"
        )));
    }
    TcpListener::bind(address).map_err(|error| {
        let help = match error.kind() {
            io::ErrorKind::AddrInUse => "; another program uses the port: `--port 0` chooses a free one",
            io::ErrorKind::PermissionDenied => "; choose a port of 1024 or more",
            _ => "",
        };
        Failure::Serve(format!("cannot listen on {address}: {error}{help}"))
    })
}

/// Answers a connection, unless there are too many.
fn accept(server: &Arc<Server>, mut stream: TcpStream) {
    let prepared = stream.set_nonblocking(false).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    if prepared.is_err() || Arc::strong_count(&server.places) > CONNECTIONS {
        return;
    }
    let (server, place) = (Arc::clone(server), Arc::clone(&server.places));
    // Without a thread, the connection is closed.
    _ = thread::Builder::new().name("connection".to_owned()).spawn(move || {
        let _place = place;
        let result = match request::read(&mut stream) {
            Ok(request) => answer(&server, &request, &mut stream),
            Err(Some(refusal)) => refusal.write(&mut stream),
            Err(None) => Ok(()),
        };
        // A client that has closed its connection receives no answer.
        _ = result;
        linger(&mut stream);
    });
}

/// Reads what the client still sends of a refused request, a moment long: a connection that is
/// closed with unread bytes is reset, and the client may lose the answer.
fn linger(stream: &mut TcpStream) {
    let shut = stream.shutdown(std::net::Shutdown::Write);
    let until = Instant::now() + Duration::from_millis(500);
    if shut.and_then(|()| stream.set_read_timeout(Some(Duration::from_millis(100)))).is_ok() {
        let mut part = [0; 4096];
        while Instant::now() < until && matches!(io::Read::read(stream, &mut part), Ok(1..)) {}
    }
}

fn answer(server: &Server, request: &Request, stream: &mut TcpStream) -> io::Result<()> {
    let refuse = |status, why: &str, stream: &mut TcpStream| Refusal::new(status, why).write(stream);
    if let Err(refusal) = server.guard.check(request) {
        return refusal.write(stream);
    }
    match (&*request.method, &*request.path) {
        ("GET", "/") => answer::page(stream, &server.page),
        ("POST", "/run") => {
            if request.content_type.as_deref() != Some("application/json") {
                return refuse(415, "the Content-Type must be application/json", stream);
            }
            let run = Arc::clone(&server.runs);
            if Arc::strong_count(&run) > RUNS + 1 {
                let why = format!("{RUNS} runs are in progress, which is the limit: wait, or cancel one");
                return refuse(503, &why, stream);
            }
            child::run(&request.body, server.budget, &server.interrupt, stream)
        }
        (_, "/" | "/run") => refuse(405, "use GET for / and POST for /run", stream),
        _ => refuse(404, "there is only the page, at /", stream),
    }
}
