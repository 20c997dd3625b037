drive(async () => {
  expect("the menu has groups", all("#example optgroup").map((group) => group.label), ["The article", "Templates", "The museum of races"]);
  expect("the article's cache is open", said("#tabs [aria-selected=true]"), "cache_manager.star");
  expect("nothing to save", find("#save").disabled, true);

  choose_("#example", "museum-article");
  expect("a race has two scripts", all("#tabs button").map((tab) => tab.textContent), ["broken.star", "repaired.star", "scenario.toml"]);
  expect("each line has a number", all("#numbers span").length, find("#text").value.split("\n").length);
  const broken = find("#text").value;

  // Another script is pasted, under the scenario's name for it.
  type("#text", `# mine.star\n${broken}`);
  press("Enter", find("#text"), { ctrlKey: true });
  await until("the run has ended", hasEnded);
  expect("the table", all("#rows tr.one").map((row) => [row.cells[0].textContent, row.cells[1].firstChild.textContent]),
    [["cache=brokenbroken.star", "stale"], ["cache=repairedrepaired.star", "clean"]]);
  expect("the result in words", said("#status"), "2 cases, as expected: the listed violations were found.");

  expect("the trace is open at the stale read", [said("#position"), said("#reason p").startsWith("Stale: ")], ["6 of 6", true]);
  const marked = () => all("#marks .at").map((line) => line.textContent.trim());
  expect("its line is marked", [marked(), all("#numbers .at").map((line) => line.textContent)], [["value = local.get(key)"], ["3"]]);
  expect("its line is beside the step", said("#line"), "broken.star:3 value = local.get(key)");
  find("#previous").click();
  expect("the line of the step before", marked(), ["local.set(key, value)"]);
  press("Home", document.body);
  expect("no line at the start", [marked(), isShown(find("#line"))], [[], false]);
  press("End", document.body);

  find("#tabs button").focus();
  press("ArrowRight", find("#tabs button"));
  expect("keys choose a file", [document.activeElement.textContent, find("#tabs [aria-selected=true]").textContent], ["repaired.star", "repaired.star"]);
  expect("one file can be tabbed to", all("#tabs [tabindex='0']").length, 1);
  expect("the trace is not moved by these keys", said("#position"), "6 of 6");

  expect("there is something to save", find("#save").disabled, false);
  noted.saved = savedPage();

  find("#calls").value = 2;
  find("#tabs button").click();
  find("#smallest").click();
  await until("the proof has ended", hasEnded);
  expect("the client", [said("#status"), said("#proof details").includes('cache = "./broken.star"')], ["A client breaks the level.", true]);
  expect("its trace", said("#reason p").startsWith("Stale: "), true);

  find("#tabs button:nth-child(2)").click();
  find("#smallest").click();
  await until("the proof has ended", () => hasEnded() && said("#status") !== "A client breaks the level.");
  expect("every client of the repaired script", said("#status"), "Verdict: clean.");
});
