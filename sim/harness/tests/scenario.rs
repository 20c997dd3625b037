//! Scenarios: the cases of a file, and the messages about its mistakes.

use std::fs;
use std::path::Path;

use selvedge_sim::diagnostic::diagnose;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{
    Ability, Expected, Known, Local, Mistakes, OpKind, SHIPPED, Scenario, Special, load, load_all, parse,
};
use selvedge_sim::trace::Look;

const KNOWN: [&str; 3] = ["article", "epoch", "tiered"];

const SOUND: &str = r#"name = "sound"
about = "a scenario without a mistake"
cache = "$cache"
local = "$local"
remote = "present"

[[thread]]
name = "reader"
count = "$readers"
ops = ["get user:1"]

[[thread]]
name = "writer"
ops = "$work"

[axes]
local = ["warm", "cold"]
cache = ["tiered", "article"]
readers = [1, 2]

[axes.work]
write = ["set user:1"]
replace = ["delete user:1", "set user:1"]

[[expect]]
where = { cache = "article", local = ["cold"] }
violations = ["stale", "lasting"]

[[expect]]
consistency = "linearizable"
bounded = true
"#;

fn sound() -> Scenario {
    parse("sound.toml", SOUND, &KNOWN).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)))
}

fn shown(mistakes: &Mistakes) -> String {
    mistakes.0.iter().map(|mistake| diagnose(mistake, Look::PLAIN) + "\n").collect()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_combination_is_a_case_named_in_the_order_of_the_file() {
    let names: Vec<_> = sound().cases.into_iter().map(|case| case.name).collect();
    assert_eq!(names.len(), 16);
    assert_eq!(names[0], "local=warm,cache=tiered,readers=1,work=write");
    assert_eq!(names[1], "local=warm,cache=tiered,readers=1,work=replace");
    assert_eq!(names[2], "local=warm,cache=tiered,readers=2,work=write");
    assert_eq!(names[15], "local=cold,cache=article,readers=2,work=replace");
}

#[test]
fn an_axis_stands_for_its_value_wherever_it_is() {
    let case = sound().cases.pop().expect("there are sixteen");
    assert_eq!((case.cache.as_str(), case.local), ("article", Local::Cold));
    let of = |name: &str| {
        let thread = case.threads.iter().find(|thread| thread.name == name).expect(name);
        thread.ops.iter().map(|op| format!("{} {}", op.kind.name(), op.key)).collect::<Vec<_>>()
    };
    assert_eq!(of("reader-1"), ["get user:1"]);
    assert_eq!(of("reader-2"), ["get user:1"]);
    assert_eq!(of("writer"), ["delete user:1", "set user:1"]);
}

#[test]
fn the_first_expectation_that_fits_holds() {
    for case in sound().cases {
        let control = case.cache == "article" && case.local == Local::Cold;
        assert_eq!(matches!(case.expectation.expected, Expected::Violations(_)), control, "{}", case.name);
        assert_eq!(case.expectation.bounded, !control, "{}", case.name);
    }
}

#[test]
fn without_axes_there_is_one_case() {
    let text = r#"
        name = "plain"
        about = "no axes"
        cache = "epoch"
        local = "cold"
        remote = "absent"
        thread = [{ name = "t", ops = ["get a", "set a"] }]
        expect = [{ consistency = "regular" }]
    "#;
    let scenario =
        parse("plain.toml", text, &KNOWN).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)));
    let names: Vec<_> = scenario.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["only"]);
}

/// Mistakes in the valid scenario: the original text, and its replacement.
const SLIPS: [(&str, &str, &str); 31] = [
    ("syntax", "about = \"a", "about = a"),
    ("no name", "name = \"sound\"\n", ""),
    ("unknown field", "remote =", "remtoe ="),
    ("unknown field of a thread", "count =", "counts ="),
    ("wrong type", "[\"get user:1\"]", "\"get user:1\""),
    ("wrong type of the name", "\"sound\"", "7"),
    ("unknown cache, through an axis", "\"article\"]", "\"artcle\"]"),
    ("unknown start", "\"cold\"]\ncache", "\"hot\"]\ncache"),
    ("unknown axis", "\"$readers\"", "\"$raeders\""),
    ("axis never used", "\"$readers\"", "2"),
    ("empty axis", "[1, 2]", "[]"),
    ("twice on an axis", "[1, 2]", "[1, 1]"),
    ("no label", "[1, 2]", "[1, [2]]"),
    ("label that cannot be in a name", "[1, 2]", "[1, \"2,3\"]"),
    ("count of 0", "[1, 2]", "[0, 2]"),
    ("unknown operation", "get user:1", "gte user:1"),
    ("operation without a key", "get user:1", "get"),
    ("axis within a string", "get user:1", "get $readers"),
    ("no operation", "[\"get user:1\"]", "[]"),
    ("two threads of one name", "\"writer\"", "\"reader-2\""),
    ("no expectation", "[[expect]]\nconsistency", "[[expect]]\nwhere = { local = \"cold\" }\nconsistency"),
    ("expectation of no case", "where = { cache = \"article\", local = [\"cold\"] }\n", ""),
    ("unknown axis in where", "{ cache =", "{ chace ="),
    ("unknown label in where", "[\"cold\"] }", "[\"cool\"] }"),
    ("unknown rule", "[\"stale\"", "[\"stael\""),
    ("unknown level", "\"linearizable\"", "\"linearisable\""),
    ("neither consistency nor violations", "consistency = \"linearizable\"\n", ""),
    ("both of them", "violations =", "consistency = \"regular\"\nviolations ="),
    ("bounded control", "violations =", "bounded = true\nviolations ="),
    ("control that shows nothing", "[\"stale\", \"lasting\"]", "[]"),
    ("wrong type of bounded", "bounded = true", "bounded = 1"),
];

#[test]
fn a_mistake_is_reported_with_its_position_and_a_fix() {
    let mut text = String::new();
    for (slip, there, instead) in SLIPS {
        assert!(SOUND.contains(there), "{slip}: {there:?} is not in the sound scenario");
        match parse("slip.toml", &SOUND.replacen(there, instead, 1), &KNOWN) {
            Ok(_) => panic!("{slip}: no mistake was found"),
            Err(mistakes) => text.push_str(&format!("{slip}\n{}", shown(&mistakes))),
        }
    }
    snapshot("scenario-mistakes", &text);
}

#[test]
fn many_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    let text = r#"name = "many"
abuot = "x"
cache = "$chace"
local = "hot"

[[thread]]
name = "reader"
count = 0
ops = ["get user:1", "gte user:1", "set"]

[[thread]]
ops = []

[axes]
cache = ["article", "teired"]

[[expect]]
violations = ["stael"]
"#;
    let mistakes = parse("many.toml", text, &KNOWN).expect_err("there are many");
    snapshot("scenario-many-mistakes", &shown(&mistakes));
}

/// A get and a set of one key on the given cache, with additional requirements.
fn requiring(cache: &str, more: &str, op: &str) -> String {
    format!(
        "name = \"a\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n{more}\n\
         [[thread]]\nname = \"reader\"\nops = [\"get user:1\", \"{op}\"]\n\
         [[thread]]\nname = \"writer\"\nops = [\"set user:1\"]\n\
         [[expect]]\nconsistency = \"linearizable\"\n"
    )
}

/// Every requirement of a scenario as its text: a field, or an operation.
fn requirements() -> Vec<(Ability, String, String)> {
    let special = |it: Special| format!("source = \"database\"\nspecials = [\"{}\"]", it.name());
    let get = || "get user:1".to_owned();
    vec![
        (Ability::KeepsAbsent, special(Special::KeepsAbsent), get()),
        (Ability::PassesOver, special(Special::PassesOver), get()),
        (Ability::Leases, special(Special::Leases), get()),
        (Ability::Settles, special(Special::NeverSettles), get()),
        (Ability::Derives, "derived = { \"user:1\" = [\"profile:1\"] }".to_owned(), get()),
        (Ability::Bounds, special(Special::OneEntry), get()),
        (Ability::Loads, String::new(), format!("{} user:1", OpKind::Load.name())),
        (Ability::Refreshes, String::new(), format!("{} user:1", OpKind::Refresh.name())),
        (Ability::Evicts, String::new(), format!("{} user:1", OpKind::Evict.name())),
        (Ability::Invalidates, String::new(), format!("{} user:1", OpKind::Notified.name())),
        (Ability::InvalidatesAll, String::new(), format!("{} user:1", OpKind::NotifiedAll.name())),
        (Ability::Strict, "nodes = 2\nspecials = [\"strict\"]".to_owned(), get()),
    ]
}

#[test]
fn an_unsupported_ability_is_a_mistake_at_its_position() {
    let all: Vec<_> = requirements().into_iter().map(|(ability, ..)| ability).collect();
    assert_eq!(all, Ability::ALL, "each ability has its words");
    for &cache in Protocol::ALL {
        for (ability, more, op) in requirements() {
            let parsed = parse("a.toml", &requiring(cache.name(), &more, &op), &Protocol::known());
            let is_supported = cache.abilities().contains(&ability);
            assert_eq!(parsed.is_ok(), is_supported, "{cache} and {ability}");
            let Err(mistakes) = parsed else { continue };
            let [mistake] = &mistakes.0[..] else { panic!("{}", shown(&mistakes)) };
            let expected = format!("the cache `{cache}` does not support `{ability}`");
            assert_eq!(mistake.to_string(), expected);
        }
    }
}

#[test]
fn a_cache_without_a_required_ability_is_not_explored() {
    // The cached miss: five controls called it clean, with the same counts as without the line.
    let text = requiring("article", "specials = [\"keeps-absent\"]", "get user:1");
    let mistakes = parse("absent.toml", &text, &Protocol::known()).expect_err("it would be ignored");
    snapshot("scenario-unsupported", &shown(&mistakes));
}

#[test]
fn a_name_alone_supports_nothing_more() {
    let text = requiring("tiered", "", "evict user:1");
    assert!(parse("a.toml", &text, &["tiered"]).is_err());
    let known = [Known { name: "tiered", abilities: &[Ability::Evicts] }];
    assert!(parse("a.toml", &text, &known).is_ok());
}

#[test]
fn abilities_of_loads_require_a_source_of_truth() {
    for special in [Special::Leases, Special::PassesOver] {
        let text = requiring("tiered", &format!("specials = [\"{}\"]", special.name()), "get user:1");
        let mistakes = parse("a.toml", &text, &Protocol::known()).expect_err("nothing is loaded");
        assert!(shown(&mistakes).contains("so nothing is loaded"), "{}", shown(&mistakes));
    }
}

/// A case with `count` threads and additional requirements.
fn threads(count: usize, local: &str, more: &str) -> String {
    let each: Vec<_> = [count.min(64), count - count.min(64)]
        .iter()
        .zip(["a", "b"])
        .filter(|(count, _)| **count > 0)
        .map(|(count, name)| {
            format!("[[thread]]\nname = \"{name}\"\ncount = {count}\nops = [\"set user:1\"]\n")
        })
        .collect();
    format!(
        "name = \"a\"\nabout = \"a test\"\ncache = \"article\"\nlocal = \"{local}\"\nremote = \"present\"\n{more}\n{}\
         [[expect]]\nconsistency = \"linearizable\"\n",
        each.concat()
    )
}

#[test]
fn more_tasks_than_a_run_can_have_are_a_mistake_with_its_line() {
    // A run has 64 tasks. One is the observer, one is the clock, and each set can arrive late.
    for (count, local, more, fits) in [
        (63, "cold", "", true),
        (64, "cold", "", false),
        (62, "expiring", "", true),
        (63, "expiring", "", false),
        (31, "cold", "faults = 1", true),
        (32, "cold", "faults = 1", false),
        (32, "cold", "drops = 1", false),
        (128, "cold", "", false),
    ] {
        let parsed = parse("a.toml", &threads(count, local, more), &Protocol::known());
        assert_eq!(parsed.is_ok(), fits, "{count} {local} {more}");
        let Err(mistakes) = parsed else { continue };
        let text = shown(&mistakes);
        assert!(text.contains("but a run has at most 64") && text.contains("a.toml:"), "{text}");
    }
    let text = shown(&parse("a.toml", &threads(70, "cold", ""), &Protocol::known()).expect_err("too many"));
    assert!(text.contains("a.toml:7:1"), "the thread with which they are too many: {text}");
}

#[test]
fn names_have_no_character_that_a_terminal_interprets() {
    for (there, bad) in [
        ("\"sound\"", "\"so\\u001bund\""),
        ("\"sound\"", "\"so\\n::error::und\""),
        ("\"sound\"", "\"::error::sound\""),
        ("\"a scenario without a mistake\"", "\"a\\nb\""),
        ("\"reader\"", "\"reader\\u0007\""),
        ("get user:1", "get user:1\\u202e"),
        ("write = [", "\"wri\\u0000te\" = ["),
    ] {
        assert!(SOUND.contains(there), "{there}");
        let mistakes = parse("a.toml", &SOUND.replace(there, bad), &KNOWN).expect_err(bad);
        let text = shown(&mistakes);
        assert!(text.contains("a.toml:"), "{bad}: {text}");
    }
}

#[test]
fn a_long_line_is_shown_in_part() {
    // The file has one line, and its column exceeds the maximum indentation of a format.
    let axes: Vec<_> = (0..20_000).map(|number| format!("{number}")).collect();
    let text = format!("name = \"a\"\naxes = {{ n = [{}, [1]] }}\n", axes.join(", "));
    let mistakes = parse("long.toml", &text, &KNOWN).expect_err("it has no label");
    let text = shown(&mistakes);
    assert!(text.contains("long.toml:2:1") && text.len() < 20_000, "{}: {}", text.len(), &text[..2_000]);
    let large = " ".repeat(2 << 20);
    let text = shown(&parse("large.toml", &large, &KNOWN).expect_err("it is too large"));
    assert!(text.contains("a scenario of 2097152 bytes") && text.len() < 2_000, "{text}");
}

#[test]
fn too_many_combinations_are_a_mistake_and_not_a_long_wait() {
    let hundred: Vec<_> = (1..=100).map(|label| label.to_string()).collect();
    let axis = |name| format!("{name} = [{}]\n", hundred.join(", "));
    let axes = format!("[axes]\n{}{}{}", axis("a"), axis("b"), axis("c"));
    let mistakes = parse("big.toml", &SOUND.replace("[axes]\n", &axes), &KNOWN).expect_err("a million cases");
    let messages: Vec<_> = mistakes.0.iter().map(ToString::to_string).collect();
    assert_eq!(messages, ["the axes result in more than 10000 cases"]);
}

#[test]
fn a_folder_is_its_files_in_the_order_of_their_names() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("folder");
    fs::create_dir_all(&folder).expect("a folder for the test");
    for name in ["b", "a"] {
        let text = SOUND.replace("\"sound\"", &format!("\"{name}\""));
        fs::write(folder.join(format!("{name}.toml")), text).expect("a file for the test");
    }
    fs::write(folder.join("notes.txt"), "no scenario").expect("a file for the test");
    let names: Vec<_> = load(&folder.to_string_lossy(), &Protocol::known())
        .unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)))
        .into_iter()
        .map(|scenario| scenario.name)
        .collect();
    assert_eq!(names, ["a", "b"]);
}

#[track_caller]
fn check_load(words: &[&str], message: &str) {
    let mistakes = load_all(words, &Protocol::known()).expect_err("a mistake");
    let text = shown(&mistakes);
    // Where its lines break depends on the folder's path.
    let words: Vec<_> = text.split_whitespace().filter(|word| *word != "│").collect();
    assert!(words.join(" ").contains(message), "{text}");
}

#[test]
fn a_scenario_that_cannot_be_loaded_is_reported() {
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty");
    fs::create_dir_all(&empty).expect("a folder for the test");
    check_load(&[&empty.to_string_lossy()], "contains no scenario");
    check_load(&["no-such-file.toml"], "no-such-file.toml is not a file, a folder or a shipped scenario");
    check_load(&["contrl-article"], "did you mean the shipped scenario `control-article`?");
    check_load(&["control-article", "control-article"], "two scenarios have the name `control-article`");
}

/// The names of all caches that the shipped scenarios test.
#[test]
fn shipped_scenarios_are_valid_and_have_the_names_of_their_files() {
    let scenarios =
        load_all::<&str>(&[], &Protocol::known()).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)));
    assert_eq!(scenarios.len(), SHIPPED.len());
    for (scenario, (name, _)) in scenarios.iter().zip(SHIPPED) {
        assert_eq!(scenario.name, *name);
        assert!(
            scenario.about.chars().count() <= 62,
            "{name}: `about` is too long for a line of `selvedge list`"
        );
    }
}

#[test]
fn every_scenario_of_the_folder_ships() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let scenarios =
        load(folder, &Protocol::known()).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)));
    for scenario in scenarios {
        assert!(SHIPPED.iter().any(|(name, _)| *name == scenario.name), "{} does not ship", scenario.name);
    }
}

/// A scenario of several nodes, with these lines and the node of its reader.
fn of_nodes(lines: &str, node: &str, op: &str) -> Result<Scenario, Mistakes> {
    let text = format!(
        "name = \"nodes\"\nabout = \"a test\"\ncache = \"tiered\"\nlocal = \"cold\"\n{lines}\n\
         [[thread]]\nname = \"reader\"\nnode = \"{node}\"\nops = [\"{op}\"]\n\
         [[expect]]\nconsistency = \"notified\"\n"
    );
    parse("nodes.toml", &text, &Protocol::known())
}

#[test]
fn threads_and_operations_are_of_nodes_that_exist() {
    let present = "remote = \"present\"";
    let scenario = of_nodes(&format!("{present}\nnodes = 3"), "c", "reconnect b").expect("no mistake");
    let case = &scenario.cases[0];
    assert_eq!((case.nodes, case.threads[0].node, case.keys().len()), (3, 2, 0));
    assert_eq!(of_nodes(present, "a", "get user:1").expect("no mistake").cases[0].nodes, 1);
    for (lines, node, op, message) in [
        ("nodes = 4", "a", "get user:1", "a number of nodes out of range"),
        ("nodes = 2", "c", "get user:1", "unknown node: `c`"),
        ("nodes = 2", "b", "reconnect c", "unknown node: `c`"),
        ("", "a", "heartbeat b", "unknown node: `b`"),
        ("nodes = 2\nsource = \"database\"", "a", "get user:1", "several nodes with a database"),
    ] {
        let mistakes = of_nodes(&format!("{present}\n{lines}"), node, op).expect_err(message);
        assert!(shown(&mistakes).contains(message), "{}", shown(&mistakes));
    }
    let mistakes =
        of_nodes("remote = \"expiring\"\nnodes = 2", "a", "get user:1").expect_err("it is not modelled");
    assert!(shown(&mistakes).contains("whose keys expire"), "{}", shown(&mistakes));
}

#[test]
fn a_separate_load_is_rejected_if_a_get_loads() {
    let known = KNOWN.map(|name| Known { name, abilities: Ability::ALL });
    let text = SOUND.replace("get user:1", "load user:1");
    assert!(parse("load.toml", &text, &known).is_ok());
    let with_database = text.replace("remote = \"present\"", "remote = \"present\"\nsource = \"database\"");
    let mistakes = parse("load.toml", &with_database, &known).expect_err("a `get` loads there");
    assert!(
        shown(&mistakes).contains("`load`, although the source of truth is a database"),
        "{}",
        shown(&mistakes)
    );
}
