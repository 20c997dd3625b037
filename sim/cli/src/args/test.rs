//! The options of `selvedge test`: those of `cargo test` that select packages and targets, and
//! those of nextest that select and report tests.

use std::path::PathBuf;

use clap::Args;

/// Which tests to build and run.
#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Only tests whose name contains one of these
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,

    /// List the tests without running them
    #[arg(long)]
    pub(crate) list: bool,

    /// Run all tests, even if one fails
    #[arg(long)]
    pub(crate) no_fail_fast: bool,

    /// Number of tests that run at the same time; by default one for each processor
    #[arg(short = 'j', long, value_name = "N")]
    pub(crate) test_threads: Option<usize>,

    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Run this schedule of the selected tests, copied from a report: s1:…
    #[arg(long)]
    pub(crate) schedule: Option<String>,

    /// Also show the output of tests that pass
    #[arg(long)]
    pub(crate) no_capture: bool,

    /// Package to test
    #[arg(short, long, value_name = "SPEC")]
    pub(crate) package: Vec<String>,

    /// Test all packages of the workspace
    #[arg(long)]
    pub(crate) workspace: bool,

    /// Test only the library
    #[arg(long)]
    pub(crate) lib: bool,

    /// Test only this test target
    #[arg(long, value_name = "NAME")]
    pub(crate) test: Vec<String>,

    /// Features to activate
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub(crate) features: Vec<String>,

    /// Activate all features
    #[arg(long)]
    pub(crate) all_features: bool,

    /// Do not activate the default feature
    #[arg(long)]
    pub(crate) no_default_features: bool,

    /// Build with optimisations
    #[arg(short, long)]
    pub(crate) release: bool,

    /// Manifest of the package
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,

    /// Do not access the network
    #[arg(long)]
    pub(crate) offline: bool,

    /// Require that the lock file is up to date
    #[arg(long)]
    pub(crate) locked: bool,
}

impl TestOptions {
    /// The arguments of each cargo command that find the package.
    pub(crate) fn of_workspace(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if let Some(path) = &self.manifest_path {
            arguments.extend(["--manifest-path".to_owned(), path.display().to_string()]);
        }
        let flags = [(self.offline, "--offline"), (self.locked, "--locked")];
        arguments.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_owned()));
        arguments
    }

    /// The arguments of cargo that select the targets.
    pub(crate) fn of_targets(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let lists = [("--package", &self.package), ("--test", &self.test), ("--features", &self.features)];
        for (name, values) in lists {
            arguments.extend(values.iter().flat_map(|value| [name.to_owned(), value.clone()]));
        }
        let flags = [
            (self.workspace, "--workspace"),
            (self.lib, "--lib"),
            (self.all_features, "--all-features"),
            (self.no_default_features, "--no-default-features"),
            (self.release, "--release"),
        ];
        arguments.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_owned()));
        arguments
    }
}
