//! A server, and a client that sends it bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A server that ends with this value.
pub(super) struct Server {
    process: Child,
    client: Client,
}

/// A client of a server.
#[derive(Clone)]
pub(super) struct Client {
    /// The server's address, such as `127.0.0.1:40123`.
    pub(super) address: String,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// The status of an answer, and the rest of it.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Server {
    /// Starts a server whose runs have this time limit.
    pub(super) fn new(budget: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
        command.args(["serve", "--budget", budget]).current_dir(env!("CARGO_TARGET_TMPDIR"));
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary runs");
        let mut line = String::new();
        let output = process.stdout.take().expect("stdout is piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}")).to_owned();
        Server { process, client: Client { address } }
    }

    /// The server's process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// A client that does not end the server.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }
}

impl Client {
    /// Sends a request, and returns the open connection.
    pub(super) fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        stream.write_all(request.as_bytes()).expect("the server reads");
        stream
    }

    /// Sends a request, and returns the answer. `HOST` in the request is the server's address.
    pub(super) fn request(&self, request: &str) -> Answer {
        answer(self.send(&request.replace("HOST", &self.address)))
    }

    /// The request of a run.
    pub(super) fn run_request(&self, body: &Value) -> String {
        let (address, body) = (&self.address, body.to_string());
        format!(
            "POST /run HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Executes a run. Returns its lines, without those about the progress.
    #[track_caller]
    pub(super) fn run(&self, body: &Value) -> Vec<Value> {
        let answer = answer(self.send(&self.run_request(body)));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let lines = answer.body.lines().filter(|line| !line.is_empty());
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).expect(line));
        lines.filter(|line| line.get("progress").is_none()).collect()
    }

    /// Explores a script in a scenario of a reader and a writer.
    #[track_caller]
    pub(super) fn explore(&self, script: &str) -> Vec<Value> {
        self.run(&explore(SCENARIO, script))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Reads an answer to its end.
pub(super) fn answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A reset after the answer is not an error of the answer.
    _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).expect("an answer is UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// The body of a request to explore a scenario with the script `cache.star`.
pub(super) fn explore(scenario: &str, script: &str) -> Value {
    json!({ "action": "explore", "scenario": scenario, "scripts": { "cache.star": script } })
}

/// A reader and a writer.
pub(super) const SCENARIO: &str = r#"name = "orders"
about = "an order is read while it changes"
cache = "./cache.star"
local = "cold"
remote = "present"
thread = [{ name = "reader", ops = ["get order:1"] }, { name = "writer", ops = ["set order:1"] }]
expect = [{ consistency = "linearizable" }]
"#;

/// The article's cache.
pub(super) const ARTICLE: &str = "\
def get(key):
    value = local.get(key)
    if value == None:
        value = redis.get(key)
        local.set(key, value)
    return value

def set(key, value):
    redis.set(key, value)
    local.delete(key)
";

/// A cache without a local tier.
pub(super) const CLEAN: &str = "\
def get(key):
    return redis.get(key)

def set(key, value):
    redis.set(key, value)
";

/// A scenario whose search takes minutes.
pub(super) const LARGE: &str = r#"name = "large"
about = "more schedules than a run has time for"
cache = "./cache.star"
local = "cold"
remote = "present"
thread = [{ name = "client", count = 7, ops = ["get order:1", "set order:1", "get order:2", "set order:2"] }]
expect = [{ consistency = "eventual" }]
"#;
