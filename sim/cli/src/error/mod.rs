//! The errors of the commands, with their exit code.

mod failure;
mod gate;
mod native;
mod replay;

pub(crate) use failure::Failure;
pub(crate) use gate::GateError;
pub(crate) use native::NativeError;
pub(crate) use replay::ReplayError;
