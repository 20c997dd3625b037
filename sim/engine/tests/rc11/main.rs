//! The search of execution graphs under RC11: its counts, and its agreement with an enumeration of
//! all graphs.

mod aborted;
mod counts;
mod enumerate;
mod litmus;
mod objects;
mod plain_data;
mod program;
mod random;
mod replay;
mod weak_objects;
