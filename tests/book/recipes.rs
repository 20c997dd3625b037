//! Executes the recipes for CI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use yaml_rust2::{Yaml, YamlLoader};

use crate::pages::{blocks, page};

const LINEARIZABLE: &str = "consistency = \"linearizable\"";
const STALE: &str = "violations = [\"stale\", \"lasting\"]";

/// A user's repository with scenarios.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("scenarios")).expect("a folder");
        let repository = Repository { folder };
        repository.scenario("control", "article", STALE);
        repository.scenario("users", "tiered", LINEARIZABLE);
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn scenario(&self, name: &str, cache: &str, expect: &str) {
        let text = format!(
            "name = \"{name}\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n\
             thread = [{{ name = \"reader\", ops = [\"get user:1\"] }}, {{ name = \"writer\", ops = [\"set user:1\"] }}]\n\
             expect = [{{ {expect} }}]\n"
        );
        fs::write(self.path(&format!("scenarios/{name}.toml")), text).expect("a scenario");
    }

    /// A command in the repository, with the binary on the path, and a `cargo` that has installed
    /// it already.
    fn run(&self, program: &str, words: &[&str]) -> Output {
        use std::os::unix::fs::PermissionsExt;

        let bin = self.path("bin");
        fs::create_dir_all(&bin).expect("a folder");
        let installed = "#!/bin/sh\ntest \"$*\" = 'install --locked --git https://git.example.com/selvedge selvedge-cli'\n";
        fs::write(bin.join("cargo"), installed).expect("a script");
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let ours = Path::new(env!("CARGO_BIN_EXE_selvedge")).parent().expect("a folder");
        let path = format!("{}:{}:{}", bin.display(), ours.display(), std::env::var("PATH").expect("a path"));
        let mut command = Command::new(program);
        command.args(words).current_dir(self.folder.path()).env("PATH", path);
        command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
        command.output().expect("it runs")
    }

    /// Runs the script of a job like a CI runner: line by line, until one fails.
    #[track_caller]
    fn job(&self, script: &str, code: i32) {
        let output = self.run("sh", &["-e", "-c", script]);
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{script}\n{said}");
    }

    /// The artifacts of a job, which must exist and not be empty.
    #[track_caller]
    fn hands_on(&self, names: &[&str]) {
        for name in names {
            let path = self.path(name);
            let path = if path.is_dir() { path.join("index.html") } else { path };
            assert!(fs::metadata(&path).is_ok_and(|file| file.len() > 0), "{}", path.display());
        }
    }
}

/// Checks that the shards of a recipe and their merge pass, and that the merge fails with 1 if a
/// scenario fails. `shard` returns the script of the shard with this number; `merge` is a script.
fn merges(shard: impl Fn(u32) -> String, merge: &str, files: &[&str]) {
    let repository = Repository::new();
    for (code, cache) in [(0, "tiered"), (1, "article")] {
        repository.scenario("users", cache, LINEARIZABLE);
        for number in 1..=3 {
            // A shard may fail: the merge decides.
            repository.job(&format!("({}\n) || test $? = 1", shard(number)), 0);
        }
        repository.job(merge, code);
        repository.hands_on(files);
    }
}

#[test]
fn the_matrix_for_github_actions_is_merged() {
    let workflow = recipe("A matrix on GitHub Actions");
    let script = |job: &str| {
        let steps = list(&workflow["jobs"][job]["steps"]).iter();
        steps.filter_map(|step| step["run"].as_str()).collect::<Vec<_>>().join("\n")
    };
    let shards = list(&workflow["jobs"]["shard"]["strategy"]["matrix"]["shard"]);
    assert_eq!(shards.iter().filter_map(Yaml::as_i64).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(text(&workflow["jobs"]["merge"]["needs"]), "shard");
    let shard = script("shard");
    let of = |number: u32| shard.replace("${{ matrix.shard }}", &number.to_string());
    merges(of, &script("merge"), &["report", "selvedge.xml"]);
}

#[test]
fn the_matrix_for_gitlab_is_merged() {
    let pipeline = recipe("A matrix on GitLab");
    let script = |job: &str| list(&pipeline[job]["script"]).iter().map(text).collect::<Vec<_>>().join("\n");
    assert_eq!(pipeline["shard"]["parallel"].as_i64(), Some(3));
    let of = |number: u32| format!("CI_NODE_INDEX={number} CI_NODE_TOTAL=3\n{}", script("shard"));
    merges(of, &script("merge"), &["report", "selvedge.xml"]);
}

#[test]
fn the_jobs_of_kubernetes_and_slurm_are_merged() {
    let job = recipe("A Kubernetes Job");
    let spec = &job["spec"];
    assert_eq!(text(&spec["completionMode"]), "Indexed");
    assert_eq!(spec["completions"].as_i64(), Some(3));
    let rule = &list(&spec["podFailurePolicy"]["rules"])[0];
    assert_eq!(text(&rule["action"]), "FailIndex");
    assert!(spec["backoffLimitPerIndex"].as_i64().is_some(), "`FailIndex` requires it");
    assert_eq!(text(&spec["template"]["spec"]["restartPolicy"]), "Never", "the policy requires it");
    let container = &list(&spec["template"]["spec"]["containers"])[0];
    assert_eq!(text(&list(&container["command"])[0]), "sh");
    let script = text(&list(&container["args"])[0]).replace("/results/", "");
    let of = |number: u32| format!("JOB_COMPLETION_INDEX={}\n{script}", number - 1);
    merges(of, "selvedge merge shard-* --report report", &["report"]);

    let blocks = blocks(&page("ci.md"));
    let array = blocks.iter().find(|block| block.language == "bash").expect("a script");
    let of = |number: u32| format!("SLURM_ARRAY_TASK_ID={number}\n{}", array.text);
    merges(of, "selvedge merge shard-* --report report", &["report"]);
}

/// The recipe under a heading, parsed.
fn recipe(heading: &str) -> Yaml {
    let text = page("ci.md");
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("a heading");
    let block = blocks(section).into_iter().next().expect("a recipe");
    assert_eq!(block.language, "yaml");
    let mut documents = YamlLoader::load_from_str(&block.text).expect("YAML");
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn text(yaml: &Yaml) -> &str {
    yaml.as_str().unwrap_or_else(|| panic!("{yaml:?} is not a string"))
}

fn list(yaml: &Yaml) -> &[Yaml] {
    yaml.as_vec().unwrap_or_else(|| panic!("{yaml:?} is not a list"))
}

/// Checks that the script passes with the scenarios, fails with 1 if one of them fails, and writes
/// these files in both cases.
fn passes_and_fails(script: &str, files: &[&str]) {
    let repository = Repository::new();
    repository.job(script, 0);
    repository.hands_on(files);
    repository.scenario("users", "article", LINEARIZABLE);
    repository.job(script, 1);
    repository.hands_on(files);
    // A missing control must fail the gate.
    repository.scenario("users", "tiered", LINEARIZABLE);
    repository.scenario("control", "tiered", STALE);
    repository.job(script, 1);
}

#[test]
fn the_recipe_for_github_actions_uploads_its_reports() {
    let workflow = recipe("GitHub Actions");
    assert!(!workflow["on"].is_badvalue() && !workflow["name"].is_badvalue());
    let job = &workflow["jobs"]["stale-reads"];
    assert_eq!(text(&job["permissions"]["security-events"]), "write", "to upload a SARIF log");
    let (mut script, mut uploads) = (String::new(), Vec::new());
    for step in list(&job["steps"]) {
        match (&step["run"], &step["uses"]) {
            (Yaml::String(run), Yaml::BadValue) => script += &format!("{}\n", run.trim_end()),
            (Yaml::BadValue, Yaml::String(action)) => {
                let (name, version) = action.split_once('@').expect("an action has a version");
                assert!(name.contains('/') && version.starts_with('v'), "{action}");
                for field in ["sarif_file", "path"] {
                    uploads.extend(step["with"][field].as_str());
                }
                // The evidence of a failure is uploaded after it.
                assert_eq!(step["with"].is_badvalue(), step["if"].is_badvalue(), "{action}");
            }
            _ => panic!("a step either runs or uses something: {step:?}"),
        }
    }
    assert_eq!(uploads, ["selvedge.sarif", "report"]);
    passes_and_fails(&script, &uploads);
}

#[test]
fn the_recipe_for_gitlab_stores_its_reports() {
    let pipeline = recipe("GitLab");
    let job = &pipeline["stale-reads"];
    let script: Vec<_> = list(&job["script"]).iter().map(text).collect();
    let artifacts = &job["artifacts"];
    assert_eq!(text(&artifacts["when"]), "always", "also of a gate that fails");
    let mut files: Vec<_> = list(&artifacts["paths"]).iter().map(text).collect();
    files.push(text(&artifacts["reports"]["junit"]));
    assert_eq!(files, ["report", "selvedge.xml"]);
    passes_and_fails(&script.join("\n"), &files);
}

#[test]
fn the_hook_rejects_a_push_of_a_stale_cache() {
    use std::os::unix::fs::PermissionsExt;

    let blocks = blocks(&page("ci.md"));
    let hook = blocks.iter().find(|block| block.language == "sh").expect("a hook");
    let repository = Repository::new();
    let remote = repository.path("remote.git");
    let git = |words: &[&str], succeeds: bool| {
        let ours = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"];
        let output = repository.run("git", &[&ours, words].concat());
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), succeeds, "{words:?}: {said}");
        said
    };
    git(&["init", "--quiet"], true);
    git(&["init", "--quiet", "--bare", remote.to_str().expect("UTF-8")], true);
    let its = repository.path(".git/hooks/pre-push");
    fs::write(&its, &hook.text).expect("a hook");
    fs::set_permissions(its, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let push = |succeeds| {
        git(&["add", "scenarios"], true);
        git(&["commit", "--quiet", "--message", "a change"], true);
        git(&["push", remote.to_str().expect("UTF-8"), "HEAD:main"], succeeds)
    };
    push(true);
    repository.scenario("users", "article", LINEARIZABLE);
    let said = push(false);
    assert!(said.contains("FAIL users only") && said.contains("Stale: "), "{said}");
}

/// The commands in the shell blocks of the other pages, if their files exist.
#[test]
fn the_commands_of_the_gate_page_work() {
    let repository = Repository::new();
    let text = page("gate.md");
    let shell: Vec<_> = blocks(&text).into_iter().filter(|block| block.language == "sh").collect();
    assert_eq!(shell.len(), 1);
    repository.run("git", &["init", "--quiet"]);
    repository.job(&shell[0].text, 0);
    repository.hands_on(&["scenarios/baseline/users/only.txt", "scenarios/baseline/control/only.txt"]);
}
