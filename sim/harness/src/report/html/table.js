// The table of cases. Failed cases come first.

function caseText(its) {
  const events = its.trace ? its.trace.steps.map((step) => step.event) : [];
  const words = [its.scenario, its.case, its.cache, its.engine, its.engine_reason, its.verdict, its.why, its.trace && its.trace.reason];
  return words.concat(events).filter(Boolean).join(" ").toLowerCase();
}

function verdictCell(its) {
  const bounded = its.complete === false && its.verdict !== "bounded" ? ", bounded" : "";
  const searched = its.searched || "";
  const counts = its.violations.map(([rule, found]) => `${rule} in ${found.toLocaleString("en")}`).join(", ");
  return make("td", { role: "cell" }, its.verdict + bounded, make("small", {}, counts ? `${counts} of ${searched}` : searched));
}

function resultCell(its) {
  if (its.passed) return make("td", { class: "pass", role: "cell" }, "as expected");
  return make("td", { class: "fail", role: "cell" }, "FAIL", make("small", {}, its.why || ""));
}

// Allows line breaks between the labels of a long name.
const between = (parts) => parts.flatMap((part, nth) => (nth === 0 ? [part] : [make("wbr"), part]));

function caseRow(its, at) {
  const name = its.trace ? make("a", { href: `#case=${at}` }, its.scenario) : its.scenario;
  const details = its.case === "only" ? [its.cache] : [...between(its.case.split(/(?<=,)/)), ` · ${its.cache}`];
  return make("tr", { role: "row" },
    make("td", { class: "case", role: "cell" }, name, make("small", {}, ...details)),
    verdictCell(its), resultCell(its));
}

// Fills the table with these cases; returns the function that filters its rows.
function showTable(cases) {
  const rows = cases.map((its, at) => ({ its, text: caseText(its), row: caseRow(its, at) }));
  const sorted = rows.toSorted((a, b) => Number(a.its.passed) - Number(b.its.passed));
  byId("rows").replaceChildren(...sorted.map(({ row }) => row));
  return function choose(words, show) {
    let shown = 0;
    for (const { its, text, row } of rows) {
      const wanted = show === "failed" ? !its.passed : show === "traced" ? its.trace !== null : true;
      row.hidden = !wanted || !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    byId("none").hidden = shown > 0;
    return shown;
  };
}
