drive(async () => {
  const names = () => all("#rows tr.one").filter(isShown).map((row) => row.dataset.scenario);
  const groups = () => all("#rows tr.group").filter(isShown).map((row) => row.firstChild.firstChild.textContent);
  expect("the summary", text("#summary"), "4 cases: 3 as expected, 1 not");
  expect("what was not expected comes first", names(), ["orders", "orders", "control-epoch", "control-shared-local-key"]);
  expect("a group for each scenario", groups(), ["orders", "control-epoch", "control-shared-local-key"]);
  expect("a control is labelled", all("#rows tr.group small").map((label) => label.textContent), Array(2).fill("control: the violation is expected"));
  expect("a group names its source", text("#rows tr.group:first-child .source"), "orders.toml:9");
  expect("its result", text("#rows tr.one .fail").startsWith("FAIL"), true);
  expect("what has no trace cannot be opened", all("#rows tr.one a").length, 3);

  type("#search", "tiered");
  expect("a search for a cache", names(), ["orders"]);
  expect("it is said how many", text("#found"), "1 case");
  type("#search", "generation reads");
  expect("a search for an event", names(), ["control-epoch"]);
  type("#search", "nothing like it");
  expect("nothing is found", [names(), groups(), isShown(find("#none"))], [[], [], true]);
  type("#search", "");
  type("#show", "failed");
  expect("not as expected", names(), ["orders"]);
  type("#show", "traced");
  expect("with a trace", names().length, 3);
  type("#show", "all");

  await follow(find("#rows tr.one a"));
  expect("the trace is shown, and not the table", [isShown(find("#run")), isShown(find("#cases"))], [true, false]);
  expect("who came is told where they are", [document.activeElement.id, text("#run-title")], ["run-title", "orders: cache=article"]);
  expect("the reason is above", text("#reason p"), "Stale: observer's get order:7 returned v0 after v1 had been acknowledged.");
  expect("the file is named", text("#facts").endsWith("orders.cache=article.trace.json"), true);
  expect("the title", document.title, "orders: cache=article: stale (Selvedge)");

  expect("a row is a row on any screen", all("table, tr, td, th, tbody, thead").filter((part) => !part.hasAttribute("role")).length, 0);
  await follow(find("#back a"));
  expect("back to the table", [isShown(find("#run")), isShown(find("#cases"))], [false, true]);

  // The run goes on after the read that is wrong, and all is well at its end.
  await follow(all("#rows tr.one a")[1]);
  expect("the contradiction is seen first", [text("#position"), held()], ["14 of 22", ["L1: user:1 = v0", "redis: user:1 = v1"]]);
  await follow(find("#back a"));

  // A fill that another thread locks: two keys, four tasks.
  await follow(all("#rows tr.one a")[2]);
  expect("a column for each task and each entry", all("#lanes span").map((name) => name.textContent),
    ["", "user-1", "user-2", "writer", "observer", "L1", "redis user:1", "redis user:2"]);
  expect("another key's value says so", held(), ["L1: user = user:1's v1", "redis: user:1 = v1, user:2 = v0"]);
});
