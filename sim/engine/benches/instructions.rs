//! Instructions per execution, counted by valgrind: the counts repeat on a noisy machine.
//!
//! `cargo bench -p selvedge-engine --bench instructions` runs each program under callgrind, prints
//! the instructions per execution and per event, and fails if a program takes 3 % more instructions
//! than recorded here. The recorded counts are those of x86-64 Linux with the compiler of the
//! workspace's `rust-version`; after an intended change, record the printed ones.

#[expect(dead_code, reason = "a few of the programs are enough here")]
#[path = "../tests/programs/mod.rs"]
mod programs;

use std::env;
use std::io::ErrorKind;
use std::process::{Command, ExitCode, Stdio};

use programs::{binc, cache_aside, casrot, fib_bench, inc, lockinc, readers};
use selvedge_engine::Explorer;

/// A program, and its recorded number of instructions per execution.
struct Program {
    name: &'static str,
    body: fn(),
    recorded: f64,
}

/// The start of the process and an exploration of nothing, which is subtracted from the others.
const NOTHING: Program = Program { name: "nothing", body: || (), recorded: 0.0 };

const PROGRAMS: [Program; 7] = [
    Program { name: "inc(4)", body: || inc(4), recorded: 14_061.0 },
    Program { name: "binc(3)", body: || binc(3), recorded: 13_109.0 },
    Program { name: "lockinc(4)", body: || lockinc(4), recorded: 18_410.0 },
    Program { name: "fib_bench(2)", body: || fib_bench(2), recorded: 18_610.0 },
    Program { name: "readers(8)", body: || readers(8), recorded: 28_994.0 },
    Program { name: "casrot(6)", body: || casrot(6), recorded: 17_853.0 },
    Program { name: "cache_aside(2, 1)", body: || cache_aside(2, 1), recorded: 13_157.0 },
];

/// The largest accepted ratio of the counted to the recorded instructions.
const TOLERANCE: f64 = 1.03;

/// The counts of one exploration.
struct Counts {
    instructions: u64,
    executions: u64,
    events: u64,
}

/// Explores the program once under callgrind. `None` if valgrind is not installed.
fn count(program: &Program) -> Option<Counts> {
    let own = env::current_exe().expect("the path of this benchmark");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args(["--program", program.name])
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        output => output.expect("valgrind starts"),
    };
    let (printed, counted) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{} failed under valgrind:\n{counted}", program.name);
    let instructions = counted.lines().find_map(|line| line.split_once("Collected : "));
    let instructions = instructions.and_then(|(_, count)| count.trim().parse().ok());
    let mut numbers = printed.split_whitespace().map(|number| number.parse().expect("a count"));
    Some(Counts {
        instructions: instructions.expect("callgrind prints the instructions"),
        executions: numbers.next().expect("the executions"),
        events: numbers.next().expect("the events"),
    })
}

/// Explores the program in this process, and prints its executions and events.
fn explore(name: &str) {
    let program = PROGRAMS.iter().chain([&NOTHING]).find(|program| program.name == name);
    let report = Explorer::optimal().run(program.expect("a known program").body);
    println!("{} {}", report.executions, report.events);
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip_while(|argument| argument != "--program").skip(1);
    if let Some(name) = arguments.next() {
        explore(&name);
        return ExitCode::SUCCESS;
    }
    let Some(nothing) = count(&NOTHING) else {
        println!("skipped: valgrind is not installed");
        return ExitCode::SUCCESS;
    };
    let is_recorded_here = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let mut slower = 0;
    println!(
        "{:18} {:>10} {:>12} {:>10} {:>9}",
        "program", "executions", "per execution", "per event", "recorded"
    );
    for program in &PROGRAMS {
        let counts = count(program).expect("valgrind was found before");
        let own = counts.instructions.saturating_sub(nothing.instructions) as f64;
        let (each, event) = (own / counts.executions as f64, own / counts.events as f64);
        let recorded = program.recorded;
        println!("{:18} {:>10} {each:>12.0} {event:>10.0} {recorded:>9.0}", program.name, counts.executions);
        slower += usize::from(is_recorded_here && each > recorded * TOLERANCE);
    }
    if slower > 0 {
        println!(
            "{slower} programs take over 3 % more instructions than recorded in benches/instructions.rs"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
