//! Requests: the page, and what is refused.

use std::process::Command;

use super::server::{CLEAN, SCENARIO, Server, answer, explore};

#[test]
fn the_page_loads_nothing_and_is_not_shown_by_other_sites() {
    let server = Server::new("60s");
    let answer = server.request("GET / HTTP/1.1\r\nHost: HOST\r\n\r\n");
    assert_eq!(answer.status, 200);
    for header in ["nosniff", "SAMEORIGIN", "no-store", "Cross-Origin-Resource-Policy: same-origin"] {
        assert!(answer.head.contains(header), "{}", answer.head);
    }
    assert!(
        answer.body.contains("default-src 'none'; connect-src 'self'"),
        "the page may only call its server"
    );
    for sign in [" src=", "@import", "url(", "XMLHttpRequest", "innerHTML", "eval("] {
        let used = answer.body.lines().find(|line| line.contains(sign) && !line.contains("url(#head)"));
        assert_eq!(used, None, "{sign}");
    }
    assert_eq!(answer.body.matches("fetch(").count(), 1, "the page calls /run only");
    for example in ["control-cache-manager", "single-flight", "museum-guava-1881"] {
        assert!(answer.body.contains(&format!("\"name\":\"{example}\"")), "{example}");
    }
}

#[test]
fn a_request_of_another_site_is_refused() {
    let server = Server::new("60s");
    let body = explore(SCENARIO, CLEAN).to_string();
    let post = |host: &str, origin: &str| {
        let request = format!(
            "POST /run HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        server.request(&request).status
    };
    assert_eq!(post("HOST", "Origin: http://HOST\r\n"), 200);
    assert_eq!(post("HOST", "Origin: http://evil.example\r\n"), 403);
    assert_eq!(post("HOST", "Origin: null\r\n"), 403);
    assert_eq!(post("HOST", ""), 403);
    // DNS rebinding: the site's name resolves to this address.
    assert_eq!(post("evil.example", "Origin: http://evil.example\r\n"), 421);
    assert_eq!(server.request("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421);
    assert_eq!(server.request("GET / HTTP/1.1\r\n\r\n").status, 421);
}

#[test]
fn requests_are_bounded() {
    let server = Server::new("60s");
    let status = |request: &str| server.request(request).status;
    let own = "Host: HOST\r\nOrigin: http://HOST\r\n";
    assert_eq!(status(&format!("GET / HTTP/1.1\r\nHost: HOST\r\nX: {}\r\n\r\n", "x".repeat(20_000))), 431);
    assert_eq!(
        status(&format!(
            "POST /run HTTP/1.1\r\n{own}Content-Type: application/json\r\nContent-Length: 600000\r\n\r\n"
        )),
        413
    );
    assert_eq!(
        status(&format!("POST /run HTTP/1.1\r\n{own}Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n")),
        415
    );
    assert_eq!(status("GET /run HTTP/1.1\r\nHost: HOST\r\n\r\n"), 405);
    assert_eq!(status("GET /../Cargo.toml HTTP/1.1\r\nHost: HOST\r\n\r\n"), 404);
    assert_eq!(status("not HTTP\r\n\r\n"), 400);
    // The server still answers.
    assert_eq!(answer(server.send(&server.run_request(&explore(SCENARIO, CLEAN)))).status, 200);
}

#[test]
fn only_addresses_of_this_machine_are_served() {
    let server = Server::new("60s");
    let port = server.address.rsplit(':').next().expect("a port");
    for (arguments, message) in [
        (vec!["--listen", "0.0.0.0:0"], "is not a loopback address"),
        (vec!["--listen", "[::]:0"], "is not a loopback address"),
        (vec!["--listen", "192.0.2.1:80"], "is not a loopback address"),
        (vec!["--port", port], "another program uses the port"),
        (vec!["--budget", "99999999h"], "choose a shorter --budget"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_selvedge")).arg("serve").args(&arguments).output();
        let output = output.expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(message), "{arguments:?}: {text}");
    }
}
