// Starts the section: the menu of examples, the buttons, and the line of the selected step.

function showExample(served, name) {
  const example = served.examples.find((its) => its.name === name) || served.examples[0];
  byId("example").value = example.name;
  showFiles(example.files, example.files[0].name);
  history.replaceState(null, "", "#");
  showProof(null);
  showMistakes([]);
  showResults([]);
  say("");
}

function fillMenu(served) {
  const groups = Map.groupBy(served.examples, (its) => its.group);
  byId("example").replaceChildren(...[...groups].map(([label, list]) =>
    make("optgroup", { label }, ...list.map((its) => make("option", { value: its.name }, its.title)))));
  let edited = false;
  byId("text").addEventListener("input", () => { edited = true; });
  let current = byId("example").value;
  byId("example").addEventListener("change", () => {
    if (edited && !confirm("Replace your changes by the example?")) {
      byId("example").value = current;
      return;
    }
    edited = false;
    current = byId("example").value;
    if (running !== null) running.abort();
    showExample(served, current);
  });
}

function startBench() {
  const intro = make("div", { id: "empty" },
    make("h2", {}, "Paste your cache, and run it through every schedule"),
    make("ol", {},
      make("li", {}, make("b", {}, "The script: "), "replace it by the get and set of your cache, in Python’s syntax, with the calls local.get, redis.set and so on."),
      make("li", {}, make("b", {}, "The scenario: "), "the threads that call the cache, what the tiers hold at the start, and the level that must hold."),
      make("li", {}, make("b", {}, "Run: "), "each case is searched. A violation has a trace, to step through beside the lines of the script.")),
    make("p", {}, "Smallest client needs no threads: it searches all clients up to a size, in the world of the scenario."));
  byId("main").prepend(make("div", { id: "mistakes", role: "alert" }), intro, make("div", { id: "proof", hidden: true }));
  startEditor(explore);
  document.addEventListener("step", ({ detail: { trace, step } }) => markStep(step === 0 ? null : trace.steps[step - 1].location));
  const pasted = byId("pasted");
  if (pasted) return showSaved(JSON.parse(pasted.textContent));
  const served = JSON.parse(byId("served").textContent);
  byId("limits-list").replaceChildren(...served.limits.map((its) => make("li", {}, its)));
  fillMenu(served);
  byId("explore").addEventListener("click", explore);
  byId("smallest").addEventListener("click", smallest);
  byId("cancel").addEventListener("click", () => running && running.abort());
  byId("save").addEventListener("click", save);
  // `#example=lease` opens an example, and `#example=lease&run` also explores it.
  const wanted = new URLSearchParams(location.hash.slice(1));
  showExample(served, wanted.get("example"));
  if (wanted.has("example") && wanted.has("run")) explore();
}

document.addEventListener("DOMContentLoaded", startBench);
