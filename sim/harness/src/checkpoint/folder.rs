//! The folder of checkpoints: a file for each case with an unfinished search.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use super::CheckpointError;
use super::file::{Digest, File, digest};
use crate::explore::Unfinished;
use crate::file_name::stem;
use crate::scenario::Case;

/// A folder of checkpoints.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    /// The digest of the running executable.
    program: Digest,
}

impl Checkpoints {
    /// Opens the folder, or creates it. Its checkpoints belong to the running executable: the code
    /// of the cache is part of it.
    ///
    /// # Errors
    ///
    /// If the folder cannot be created, or the executable cannot be read.
    pub fn open(folder: &Path) -> Result<Self, CheckpointError> {
        fs::create_dir_all(folder).map_err(|error| failed("write", folder, error))?;
        let program =
            env::current_exe().and_then(fs::read).map_err(|error| failed("write", folder, error))?;
        Ok(Checkpoints { folder: folder.to_owned(), program: digest(&program) })
    }

    /// The path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Loads the unfinished search of this case, if there is one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or belongs to another executable or another version of the case.
    pub fn load(&self, case: &Case) -> Result<Option<Unfinished>, CheckpointError> {
        let path = self.path(case);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path, error)),
        };
        let damaged = |why| CheckpointError::Damaged { path: path.clone(), why };
        let file = File::from_bytes(&bytes).map_err(damaged)?;
        if file.program != self.program {
            return Err(CheckpointError::OtherProgram { path });
        }
        if file.case != identity(case) {
            return Err(CheckpointError::OtherCase { path });
        }
        file.into_unfinished().map(Some).map_err(damaged)
    }

    /// Saves the unfinished search of this case, replacing the previous checkpoint. `None` removes
    /// the file. The file is complete at any time.
    ///
    /// # Errors
    ///
    /// If it cannot be written or removed.
    pub fn save(&self, case: &Case, unfinished: Option<&Unfinished>) -> Result<(), CheckpointError> {
        let path = self.path(case);
        let Some(unfinished) = unfinished else {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &path, error)),
                _ => Ok(()),
            };
        };
        let bytes = File::new(self.program, identity(case), unfinished).to_bytes();
        let partial = path.with_extension("partial");
        let written = fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, &path));
        written.map_err(|error| failed("write", &path, error))
    }

    fn path(&self, case: &Case) -> PathBuf {
        // The digest distinguishes names that a file system treats as equal.
        let [a, b, c, d, ..] = digest(format!("{}\n{}", case.scenario, case.name).as_bytes());
        let name = format!("{}.{a:02x}{b:02x}{c:02x}{d:02x}.checkpoint", stem(&case.scenario, &case.name));
        self.folder.join(name)
    }
}

/// A digest of the parts of a case that its search depends on.
fn identity(case: &Case) -> Digest {
    let Case {
        cache, script, nodes, local, remote, source, derived, faults, drops, specials, threads, ..
    } = case;
    let script = script.as_ref().map_or("", |script| script.text());
    digest(
        format!(
            "{script}{cache:?} {local:?} {remote:?} {source:?} {derived:?} {faults} {drops} {specials:?} {threads:?} {nodes:?}"
        )
        .as_bytes(),
    )
}

fn failed(what: &'static str, path: &Path, error: io::Error) -> CheckpointError {
    CheckpointError::Io { what, path: path.to_owned(), error }
}
