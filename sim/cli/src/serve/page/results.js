// A run: sends the texts, and shows the lines of its results as they arrive.

let running = null;
// The results so far: the cases of the run, those that have a result, and the proof.
let expected = [];
let results = [];
let proof = null;

function say(text, kind) {
  byId("status").textContent = text;
  byId("status").className = kind || "";
}

function showMistakes(list) {
  markMistakes(list);
  if (list.length) byId("empty").hidden = true;
  byId("mistakes").replaceChildren(...list.map((its) => {
    const place = its.place && fileNamed(its.place.file) >= 0 ? its.place : null;
    const link = place && make("button", { type: "button" }, `${place.file}:${place.from.line}:${place.from.column}`);
    if (link) link.addEventListener("click", () => goTo(place));
    return make("div", { class: "mistake" }, make("p", {}, its.what, link ? " " : null, link), make("pre", {}, its.text.trimEnd()));
  }));
}

// The result of a case that the run has not reached: it is bounded, never clean.
function unreached([scenario, name, cache], why) {
  return {
    scenario, case: name, cache, engine: "auto", engine_reason: null, verdict: "bounded", complete: false, searched: "not searched",
    violations: [], passed: false, why, is_control: false, source: null, link: null, file: null, trace: null,
  };
}

function showResults(list) {
  results = list;
  showCases(results);
  byId("empty").hidden = results.length > 0 || proof !== null;
  byId("save").disabled = results.length === 0 && proof === null;
}

// Opens the trace of the first case that fails, or has one at all.
function openTrace() {
  const failed = results.findIndex((its) => its.trace !== null && !its.passed);
  const at = failed >= 0 ? failed : results.findIndex((its) => its.trace !== null);
  if (at < 0) return;
  history.replaceState(null, "", `#case=${at}`);
  route(null);
}

function showProof(its) {
  proof = its;
  byId("proof").hidden = its === null;
  byId("proof").replaceChildren();
  if (its === null) return;
  byId("proof").append(make("p", {}, its.text));
  if (!its.refuted) byId("proof").append(make("pre", {}, its.table.trimEnd()));
  if (its.scenario) byId("proof").append(make("details", {}, make("summary", {}, "This client as a scenario"), make("pre", {}, its.scenario.trimEnd())));
}

function begin() {
  expected = [];
  history.replaceState(null, "", "#");
  showProof(null);
  showMistakes([]);
  showResults([]);
  say("Running …");
  setRunning(true);
}

function setRunning(is) {
  byId("explore").disabled = is;
  byId("smallest").disabled = is;
  byId("cancel").hidden = !is;
  byId("progress").hidden = !is;
  byId("progress").removeAttribute("value");
  if (is) byId("save").disabled = true;
}

function showProgress({ done, of, case: name, searched }) {
  if (of) {
    byId("progress").max = of;
    byId("progress").value = done;
  }
  const which = of > 1 ? `${done} of ${of} done. ` : "";
  say(`Running … ${which}${name && name !== "only" ? `${name}: ` : ""}${searched || ""}`);
}

const outcome = { found: null, stopped: null, wrong: false };

function receive(line) {
  if (line.progress) showProgress(line.progress);
  if (line.cases) expected = line.cases;
  if (line.case) showResults([...results, line.case]);
  if (line.proof) showProof(line.proof);
  if (line.stopped) outcome.stopped = line.stopped;
  if (line.mistakes) {
    outcome.wrong = true;
    showResults([]);
    showMistakes(line.mistakes);
    say(`${counted(line.mistakes.length, "mistake")}: nothing was explored`, "bad");
  }
}

// A run without its last cases is bounded, with the reason.
function finish(cancelled) {
  setRunning(false);
  if (outcome.wrong) return;
  const missing = expected.slice(results.length);
  const why = cancelled ? "the run was cancelled" : outcome.stopped || (missing.length ? "the server has ended" : null);
  if (why !== null) {
    showResults([...results, ...missing.map((its) => unreached(its, why))]);
    say(`Bounded: ${why}.`, "bounded");
  } else if (results.length === 0 && proof === null) {
    say("The server has sent no result.", "bad");
  } else {
    conclude();
  }
  byId("save").disabled = results.length === 0 && proof === null;
  openTrace();
}

function conclude() {
  if (proof !== null) return say(proof.refuted ? "A client breaks the level." : `Verdict: ${proof.verdict}.`, { clean: "", bounded: "bounded" }[proof.verdict] ?? "bad");
  const failed = results.filter((its) => !its.passed).length;
  const bounded = results.filter((its) => its.verdict === "bounded").length;
  const controls = results.some((its) => its.is_control && its.passed);
  if (failed === 0) return say(`${counted(results.length, "case")}, as expected${controls ? ": the listed violations were found" : ""}.`);
  say(`${counted(results.length, "case")}: ${failed} not as expected.`, bounded === failed ? "bounded" : "bad");
}

async function run(request) {
  if (running !== null) return;
  running = new AbortController();
  Object.assign(outcome, { stopped: null, wrong: false });
  begin();
  try {
    const response = await fetch("run", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request), signal: running.signal,
    });
    if (!response.ok) throw new Error((await response.text()).trim());
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      lines.filter((line) => line.trim() !== "").forEach((line) => receive(JSON.parse(line)));
    }
    finish(false);
  } catch (error) {
    if (error.name === "AbortError") finish(true);
    else {
      setRunning(false);
      if (results.length || expected.length) {
        outcome.stopped = "the connection to the server was lost";
        finish(false);
      } else say(error instanceof TypeError ? "The server does not answer: it may have ended." : error.message, "bad");
    }
  }
  running = null;
}

const scriptsOf = () => Object.fromEntries(files.filter((file) => file.name.endsWith(".star")).map((file) => [file.name, file.text]));
const scenarioOf = () => (files.find((file) => file.name.endsWith(".toml")) || { text: "" }).text;

const explore = () => run({ action: "explore", scenario: scenarioOf(), scripts: scriptsOf() });

// The opened script, or the first one.
function smallest() {
  const script = files[opened].name.endsWith(".star") ? files[opened] : files.find((file) => file.name.endsWith(".star"));
  if (!script) return say("There is no script.", "bad");
  const number = (id) => Math.max(1, Number(byId(id).value) || 1);
  run({ action: "smallest", scenario: scenarioOf(), scripts: scriptsOf(), script: script.name, calls: number("calls"), threads: number("threads") });
}
