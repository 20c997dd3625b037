//! The examples of the page's menu: the article's cache, the templates of `selvedge new`, and the
//! museum.

use clap::ValueEnum;
use selvedge_sim::scenario::{SCRIPTS, SHIPPED_OF_SCRIPTS};
use serde_json::{Value, json};

use super::work::SCENARIO;
use crate::args::Template;
use crate::new::{self, NAME};

macro_rules! museum {
    ($($name:literal)*) => {
        [$((
            $name,
            include_str!(concat!("../../museum/", $name, "/race.toml")),
            include_str!(concat!("../../museum/", $name, "/broken.star")),
            include_str!(concat!("../../museum/", $name, "/repaired.star")),
        )),*]
    };
}

/// The name of each race, its scenario, and its two scripts.
const MUSEUM: &[(&str, &str, &str, &str)] = &museum! {
    "aiocache-95"
    "article"
    "article-rename"
    "caffeine-193"
    "caffeine-251"
    "delayed-double-delete"
    "dotnet-extensions-5674"
    "dunx-117"
    "fusioncache-535"
    "fusioncache-613"
    "guava-1881"
    "hazelcast-4671"
    "layered-loader-414"
    "moka-155"
    "nearcore-14987"
    "openvsx-2220"
    "redis-rs-2526"
    "tigris"
};

/// The examples: a group of the menu, a name, a title, and the files. The first one is open at the
/// start.
pub(super) fn examples() -> Vec<Value> {
    let example = |group: &str, name: &str, title: &str, files: Vec<(&str, &str)>| {
        let files: Vec<_> =
            files.into_iter().map(|(name, text)| json!({ "name": name, "text": text })).collect();
        json!({ "group": group, "name": name, "title": title, "files": files })
    };
    let articles = SHIPPED_OF_SCRIPTS.iter().zip(SCRIPTS).map(|((name, scenario), (file, script))| {
        example(
            "The article",
            name,
            "The article’s CacheManager",
            vec![(*file, *script), (SCENARIO, *scenario)],
        )
    });
    let templates = Template::value_variants().iter().filter_map(|template| {
        let value = template.to_possible_value()?;
        let (script, scenario) = new::files(*template);
        let name = value.get_name();
        let about = value.get_help().map(|help| help.to_string()).unwrap_or_default();
        let title = format!("{name}: {}", about.to_lowercase().replace("redis", "Redis"));
        let scenario = scenario.replacen(NAME, name, 1);
        Some(example("Templates", name, &title, vec![("cache.star", script), (SCENARIO, &scenario)]))
    });
    let races = MUSEUM.iter().map(|(name, scenario, broken, repaired)| {
        let source =
            scenario.lines().next().unwrap_or_default().trim_start_matches("# ").trim_end_matches('.');
        let files = vec![("broken.star", *broken), ("repaired.star", *repaired), (SCENARIO, *scenario)];
        example("The museum of races", &format!("museum-{name}"), source, files)
    });
    articles.chain(templates).chain(races).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_menu_has_every_race_of_the_museum() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("museum");
        let folders = fs::read_dir(folder).expect("the museum is in the workspace");
        let races: BTreeSet<_> =
            folders.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
        let shown: BTreeSet<_> = MUSEUM.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(shown, races);
    }

    #[test]
    fn each_example_has_a_name_of_its_own() {
        let examples = examples();
        let names: BTreeSet<_> = examples.iter().map(|its| its["name"].to_string()).collect();
        assert_eq!(names.len(), examples.len());
        assert_eq!(names.len(), 1 + 7 + MUSEUM.len());
    }
}
