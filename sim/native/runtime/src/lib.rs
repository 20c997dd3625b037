//! The runtime of native mode: a shared library that is linked before libc into a program that was
//! built with `-C passes=tsan`. `selvedge test` builds and links it; nothing else may.
//!
//! Every atomic operation of the program is a call of a `__tsan_` function. Inside an exploration
//! such a call announces an operation to the engine, on the location of its address; outside, it is
//! the operation itself. Functions of libc that start threads, block, read the clock or allocate
//! are replaced in the same way.
//!
//! Whether a call comes from an explored task is decided by the FS base register alone
//! ([`fs::in_task`]): each task has its own thread control block, in its own region of the address
//! space ([`region`]). The engine runs with the control block of the OS thread that explores
//! ([`outside`]).
#![deny(unsafe_op_in_unsafe_fn)]
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod atomic;
mod coroutine_stack;
mod effects;
mod explore;
mod fs;
mod futex;
mod known;
mod lend;
mod libc_calls;
mod libc_events;
mod libc_files;
mod libc_hosts;
mod libc_memory;
mod libc_processors;
mod libc_results;
mod libc_sockets;
mod libc_threads;
mod libc_time;
mod locks;
mod net;
mod object_file;
mod outside;
mod precompiled;
mod program;
mod real;
mod region;
mod rules;
mod same_addresses;
mod search;
mod site;
mod source;
mod statics;
mod task;
mod tsan;
mod uninstrumented;
mod vdso;
