// A trace as rows: the start, then a row per step, with a column per task and a column per entry of a tier.

const nameOf = (its) => (its.value.key === its.entry ? "" : `${its.value.key}'s `) + `v${its.value.version}`;

// All entries of the tiers, in the order of the tiers.
function entriesOf(trace) {
  return trace.tiers.flatMap((tier, at) => {
    const held = [tier.start, ...trace.steps.map((step) => step.tiers[at])].flat();
    const names = [...new Set(held.map((its) => its.entry))].sort();
    // A tier without entries still has a column.
    return (names.length ? names : [null]).map((entry) => ({ at, tier: tier.name, entry, alone: names.length < 2 }));
  });
}

// The content of the tiers after a step; 0 is the start.
const heldAt = (trace, step) => step === 0 ? trace.tiers.map((tier) => tier.start) : trace.steps[step - 1].tiers;

const heldIn = (held, { at, entry }) => held[at].find((its) => its.entry === entry);

function inWords(trace, step) {
  return heldAt(trace, step).map((entries, at) => {
    const held = entries.map((its) => `${its.entry} = ${nameOf(its)}`).join(", ") || "empty";
    return `${trace.tiers[at].name}: ${held}`;
  }).join("; ");
}

// Whether an operation of the task is in progress at the step.
const isOpen = (trace, task, step) => trace.operations.some((its) =>
  its.task === task && its.first <= step && (step <= its.last || its.reply === null));

function tierCells(trace, entries, step) {
  const held = heldAt(trace, step);
  const before = step > 0 ? heldAt(trace, step - 1) : null;
  return entries.map((entry, at) => {
    const its = heldIn(held, entry);
    const was = before && heldIn(before, entry);
    const text = (one) => one ? nameOf(one) : "–";
    const changed = before === null || text(its) !== text(was);
    const column = `grid-column: ${2 + trace.tasks.length + at}`;
    const classes = ["tier", its ? `held ${colour(its.value)}` : "", changed && before ? "changed" : ""].join(" ");
    return make("div", { class: classes, style: column, "aria-hidden": "true" }, changed ? text(its) : "");
  });
}

function notesOf(trace, moment, step, operation) {
  const marks = trace.marks.filter((mark) =>
    mark.at === moment && mark.step === step && (moment === "step" || mark.operation === operation));
  return marks.map((mark) => make("span", { class: `note ${mark.role}` }, mark.note));
}

// The description of a step for screen readers.
function aside(trace, step) {
  const after = step.after.length ? ` Happens after step ${step.after.join(" and step ")}.` : "";
  return `.${after} Then ${inWords(trace, step.step)}.`;
}

function stepRow(trace, entries, step) {
  const lanes = trace.tasks.map((_, task) =>
    make("div", { class: isOpen(trace, task, step.step) ? "lane open" : "lane", "aria-hidden": "true", style: `grid-column: ${task + 2}` }));
  const words = (kind, ...parts) => make("div", { class: `words ${kind}` }, ...parts);
  const parts = [];
  const operations = trace.operations.map((its, id) => ({ ...its, id })).filter((its) => its.task === step.task);
  for (const its of operations.filter((its) => its.first === step.step)) {
    parts.push(words("call", make("span", { class: "who" }, `${trace.tasks[step.task]} `), its.call, ...notesOf(trace, "invocation", step.step, its.id)));
  }
  const button = make("button", { type: "button", tabindex: "-1", title: `${step.location}, virtual time ${step.time_ms} ms` },
    make("span", { class: "hidden" }, `Step ${step.step}, ${trace.tasks[step.task]}: `), step.event,
    make("span", { class: "hidden" }, aside(trace, step)));
  const who = make("span", { class: "who", "aria-hidden": "true" }, `${trace.tasks[step.task]} `);
  parts.push(words("what", who, button, ...notesOf(trace, "step", step.step, step.operation)));
  for (const its of operations.filter((its) => its.last === step.step && its.reply !== null)) {
    parts.push(words("reply", `returns ${its.reply}`, ...notesOf(trace, "response", step.step, its.id)));
  }
  const dot = make("i", { class: "dot", "aria-hidden": "true", style: `grid-column: ${step.task + 2}` });
  const row = make("li", { class: "row", "data-step": step.step }, make("span", { class: "number", "aria-hidden": "true" }, String(step.step)),
    ...lanes, dot, ...parts, ...tierCells(trace, entries, step.step));
  row.style.setProperty("--lane-column", step.task + 2);
  const roles = [...row.querySelectorAll(".note")].map((note) => note.classList[1]);
  const before = trace.steps[step.step - 2];
  if ((!before || before.task !== step.task) && !row.querySelector(".call")) row.classList.add("switch");
  if (roles.length) row.classList.add("marked");
  if (roles.includes("found") || roles.includes("written")) row.classList.add("alarm");
  return row;
}

function startRow(trace, entries) {
  const button = make("button", { type: "button", tabindex: "-1" }, "the start", make("span", { class: "hidden" }, `. ${inWords(trace, 0)}.`));
  const lanes = trace.tasks.map((_, task) => make("div", { class: "lane", "aria-hidden": "true", style: `grid-column: ${task + 2}` }));
  const row = make("li", { class: "row", "data-step": "0" }, make("span", { class: "number", "aria-hidden": "true" }, "0"),
    ...lanes, make("div", { class: "words what" }, button), ...tierCells(trace, entries, 0));
  row.style.setProperty("--lane-column", 2);
  return row;
}

// The minimum width of a task's column with text, in pixels.
const WORDS = 190;

// Fills the timeline; returns its rows, the start first.
function showTimeline(trace) {
  const entries = entriesOf(trace);
  const tiers = entries.map(({ tier, entry, alone }) => alone || entry === null ? tier : `${tier} ${entry}`);
  byId("lanes").replaceChildren(make("span", {}, ""),
    ...trace.tasks.concat(tiers).map((name, at) => make("span", { class: at < trace.tasks.length ? "" : "of-tier", style: `grid-column: ${at + 2}` }, name)));
  const rows = [startRow(trace, entries), ...trace.steps.map((step) => stepRow(trace, entries, step))];
  byId("steps").replaceChildren(...rows);
  return { rows, tasks: trace.tasks.length, tiers: entries.length };
}

// Sets the widths of the columns. If the tasks' columns are too narrow for text, it has a separate column.
function layOut({ rows, tasks, tiers }) {
  const timeline = byId("timeline");
  const tierWidth = Math.min(112, Math.max(64, timeline.clientWidth / 12));
  const narrow = timeline.clientWidth - 40 - tiers * (tierWidth + 8) < tasks * WORDS;
  timeline.classList.toggle("narrow", narrow);
  const columns = narrow
    ? `1.75rem repeat(${tasks}, 1.125rem) repeat(${tiers}, 2.25rem) minmax(0, 1fr)`
    : `2.5rem repeat(${tasks}, minmax(0, 1fr)) repeat(${tiers}, ${tierWidth}px) 0`;
  timeline.style.setProperty("--columns", columns);
  for (const row of rows) {
    const column = narrow ? 2 + tasks + tiers : row.style.getPropertyValue("--lane-column");
    row.querySelectorAll(".words").forEach((words) => { words.style.gridColumn = column; });
  }
}
