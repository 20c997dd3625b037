// The page: the URL fragment (`#case=3&step=5`) determines its content; keys and buttons change the fragment.

const cases = [];
let choose = null;
// The current trace: its rows, and the selected step.
let shown = null;

function readCases() {
  let damaged = 0;
  for (const block of document.querySelectorAll("script.case")) {
    try {
      cases.push(JSON.parse(block.textContent));
    } catch {
      damaged += 1;
    }
  }
  byId("damage").hidden = damaged === 0;
  byId("damage").textContent = "The page is truncated in the middle of a case. All cases before it are complete.";
}

function summary() {
  const failed = cases.filter((its) => its.passed === false).length;
  if (cases.length === 0) return "no case was explored";
  const known = cases.filter((its) => its.passed !== null).length;
  if (known === 0) return "a recorded trace";
  return `${counted(cases.length, "case")}: ${known - failed} as expected, ${failed} not`;
}

// A paragraph in which the named steps are links.
function paragraph(text) {
  const parts = text.replaceAll("\n", " ").split(/(\bstep \d+)/);
  return make("p", {}, ...parts.map((part) => {
    const number = /^step (\d+)$/.exec(part);
    if (!number) return part;
    const link = make("a", { href: `#case=${shown.at}&step=${number[1]}` }, part);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      go(Number(number[1]));
    });
    return link;
  }));
}

function showRun(at, step) {
  const its = cases[at];
  const trace = its.trace;
  byId("run-title").textContent = trace.case === "only" ? trace.scenario : `${trace.scenario}: ${trace.case}`;
  const engine = its.engine_reason ? `engine ${its.engine} (${its.engine_reason})` : `engine ${its.engine}`;
  const facts = [`cache ${trace.cache}`, engine, its.searched, its.is_control ? "control" : null, its.why, `schedule ${trace.schedule}`, its.source, its.file];
  byId("facts").textContent = facts.filter(Boolean).join(" · ");
  byId("back").hidden = cases.length === 1 || hasSection();
  byId("slider").max = trace.steps.length;
  shown = { at, trace, step: null, ...showTimeline(trace) };
  byId("reason").replaceChildren(...trace.reason.trim().split("\n\n").map(paragraph));
  byId("reason").classList.toggle("fine", trace.verdict === "clean");
  layOut(shown);
  select(Number.isInteger(step) && step >= 0 && step <= trace.steps.length ? step : opening(trace));
}

// The step to show first: where the read finds the old version, or the last step.
function opening(trace) {
  const found = trace.marks.find((mark) => mark.role === "found" && mark.at === "step");
  return found ? found.step : trace.steps.length;
}

// Whether the step happens before the other, or equals it.
function happensBefore(trace, first, second) {
  if (first === 0) return true;
  if (second === 0) return false;
  const { task, clock } = trace.steps[first - 1];
  return trace.steps[second - 1].clock[task] >= clock[task];
}

function describe(trace, step) {
  if (step === 0) return trace.faults.length ? `The start. ${trace.faults.join("; ")}.` : "The start, before the first step.";
  const its = trace.steps[step - 1];
  const notes = trace.marks.filter((mark) => mark.step === step && mark.at === "step").map((mark) => mark.note);
  return `${trace.tasks[its.task]}: ${its.event}${notes.length ? ` (${notes.join(", ")})` : ""}`;
}

// The line of the script that executes the step, if the cache is one.
function showLine(trace, step) {
  const location = step === 0 ? "" : trace.steps[step - 1].location;
  const code = (trace.code || {})[location];
  byId("line").hidden = code === undefined;
  byId("line").replaceChildren(make("span", {}, location), " ", make("code", {}, code || ""));
}

function showHeld(trace, step) {
  byId("held").replaceChildren(...heldAt(trace, step).map((entries, at) => {
    const values = entries.map((its) => make("span", { class: `value ${colour(its.value)}` }, `${its.entry} = ${nameOf(its)}`));
    return make("div", {}, make("dt", {}, trace.tiers[at].name), make("dd", {}, ...(values.length ? values : ["empty"])));
  }));
}

function select(step) {
  const { trace, rows, at } = shown;
  const last = trace.steps.length;
  step = Math.min(Math.max(step, 0), last);
  shown.step = step;
  rows.forEach((row, number) => {
    const current = number === step;
    row.classList.toggle("current", current);
    row.classList.toggle("later", number > step);
    row.classList.toggle("past", number <= step && happensBefore(trace, number, step));
    const button = row.querySelector("button");
    button.tabIndex = current ? 0 : -1;
    if (current) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  });
  byId("slider").value = step;
  byId("slider").setAttribute("aria-valuetext", `${step} of ${last}: ${describe(trace, step)}`);
  byId("position").textContent = `${step} of ${last}`;
  byId("previous").disabled = step === 0;
  byId("next").disabled = step === last;
  byId("event").textContent = describe(trace, step);
  showLine(trace, step);
  showHeld(trace, step);
  drawArrows(trace, rows, step);
  document.dispatchEvent(new CustomEvent("step", { detail: { trace, step } }));
  history.replaceState(null, "", `#case=${at}&step=${step}`);
}

// Selects a step and scrolls its row into view, below the sticky header.
function go(step) {
  select(step);
  const row = shown.rows[shown.step];
  const top = byId("stepper").getBoundingClientRect().bottom;
  const { top: rowTop, bottom } = row.getBoundingClientRect();
  if (rowTop < top) scrollBy(0, rowTop - top - 8);
  else if (bottom > innerHeight) scrollBy(0, bottom - innerHeight + 8);
  if (byId("steps").contains(document.activeElement)) row.querySelector("button").focus({ preventScroll: true });
}

const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

function search() {
  const words = wordsOf(byId("search").value);
  const found = byId("found");
  if (shown === null) {
    const number = choose(words, byId("show").value);
    found.textContent = words.length ? counted(number, "case") : "";
    return;
  }
  let matches = 0;
  shown.rows.forEach((row, step) => {
    const match = words.length > 0 && step > 0 && words.every((word) => row.textContent.toLowerCase().includes(word));
    row.classList.toggle("match", match);
    matches += match ? 1 : 0;
  });
  found.textContent = words.length ? `${counted(matches, "step")}${matches ? ", Enter for the next" : ""}` : "";
}

function nextMatch() {
  if (shown === null) return;
  const after = shown.rows.findIndex((row, step) => step > shown.step && row.classList.contains("match"));
  const first = shown.rows.findIndex((row) => row.classList.contains("match"));
  if (first >= 0) go(after >= 0 ? after : first);
}

// A page with a section of its own has the table above the trace.
const hasSection = () => document.querySelector("body > section") !== null;

// Shows these cases instead of the current ones.
function showCases(list) {
  cases.splice(0, cases.length, ...list);
  byId("summary").textContent = cases.length ? summary() : "";
  choose = showTable(cases);
  choose([], "all");
  route(null);
}

function route(event) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const only = cases.length === 1 && cases[0].trace !== null;
  const at = wanted.has("case") ? Number(wanted.get("case")) : only ? 0 : NaN;
  const its = Number.isInteger(at) ? cases[at] : undefined;
  const runs = its !== undefined && its.trace !== null;
  byId("cases").hidden = hasSection() ? cases.length === 0 : runs;
  byId("run").hidden = !runs;
  byId("search").value = "";
  shown = null;
  if (runs) showRun(at, wanted.has("step") ? Number(wanted.get("step")) : null);
  document.title = runs ? `${byId("run-title").textContent}: ${its.verdict} (Selvedge)` : hasSection() ? "Selvedge" : "Selvedge report";
  search();
  // A screen reader announces the new heading.
  if (event && runs) byId("run-title").focus();
}

function keys(event) {
  const typing = event.target.matches("input:not([type=range]), select, textarea");
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (typing) {
    if (event.key === "Enter" && event.target.id === "search") nextMatch();
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    byId("search").focus();
  }
  if (shown === null || event.target.id === "slider") return;
  const last = shown.trace.steps.length;
  const inSteps = byId("steps").contains(event.target);
  const moves = { ArrowLeft: shown.step - 1, ArrowRight: shown.step + 1, Home: 0, End: last };
  if (inSteps) Object.assign(moves, { ArrowUp: shown.step - 1, ArrowDown: shown.step + 1 });
  if (!Object.hasOwn(moves, event.key)) return;
  event.preventDefault();
  go(moves[event.key]);
}

function start() {
  readCases();
  byId("summary").textContent = summary();
  choose = showTable(cases);
  byId("search").addEventListener("input", search);
  byId("show").addEventListener("change", search);
  byId("slider").addEventListener("input", () => go(Number(byId("slider").value)));
  byId("previous").addEventListener("click", () => go(shown.step - 1));
  byId("next").addEventListener("click", () => go(shown.step + 1));
  byId("steps").addEventListener("click", (event) => {
    const row = event.target.closest("li");
    if (row) go(Number(row.dataset.step));
  });
  document.addEventListener("keydown", keys);
  addEventListener("hashchange", route);
  new ResizeObserver(() => {
    if (shown === null || byId("timeline").clientWidth === 0) return;
    byId("timeline").style.setProperty("--stuck", `${byId("stepper").offsetHeight}px`);
    layOut(shown);
    drawArrows(shown.trace, shown.rows, shown.step);
  }).observe(byId("timeline"));
  route(null);
}

document.addEventListener("DOMContentLoaded", start);
