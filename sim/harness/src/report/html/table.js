// The table of cases, grouped by scenario. Scenarios with failed cases come first, and in each its failed cases.

function caseText(its) {
  const events = its.trace ? its.trace.steps.map((step) => step.event) : [];
  const words = [its.scenario, its.case, its.cache, its.engine, its.engine_reason, its.verdict, its.why, its.is_control ? "control" : "", its.source, its.trace && its.trace.reason];
  return words.concat(events).filter(Boolean).join(" ").toLowerCase();
}

function verdictCell(its) {
  const bounded = its.complete === false && its.verdict !== "bounded" ? ", bounded" : "";
  const searched = its.searched || "";
  const counts = its.violations.map(([rule, found]) => `${rule} in ${found.toLocaleString("en")}`).join(", ");
  return make("td", { role: "cell" }, its.verdict + bounded, make("small", {}, counts ? `${counts} of ${searched}` : searched));
}

function resultCell(its) {
  if (its.passed) return make("td", { class: "pass", role: "cell" }, "as expected", make("small", {}, its.is_control ? "control" : ""));
  return make("td", { class: "fail", role: "cell" }, "FAIL", make("small", {}, its.why || ""));
}

// Allows line breaks between the labels of a long name.
const between = (parts) => parts.flatMap((part, nth) => (nth === 0 ? [part] : [make("wbr"), part]));

function caseRow(its, at) {
  const labels = between(its.case.split(/(?<=,)/));
  const name = its.trace ? make("a", { href: `#case=${at}` }, ...labels) : make("span", {}, ...labels);
  return make("tr", { role: "row", class: "one", "data-scenario": its.scenario },
    make("td", { class: "case", role: "cell" }, name, make("small", {}, its.cache)),
    verdictCell(its), resultCell(its));
}

// Where the case is defined: a link if the file was there when the page was written.
function source(its) {
  if (!its.source) return null;
  const path = its.link && its.link.split("/").map(encodeURIComponent).join("/");
  return path ? make("a", { href: path, class: "source" }, its.source) : make("span", { class: "source" }, its.source);
}

function groupRow(its) {
  const about = its.is_control ? make("small", {}, "control: the violation is expected") : null;
  return make("tr", { role: "row", class: "group" },
    make("th", { role: "rowheader", scope: "rowgroup", colspan: 3 }, its.scenario, " ", source(its), about));
}

// Fills the table with these cases; returns the function that filters its rows.
function showTable(cases) {
  const rows = cases.map((its, at) => ({ its, text: caseText(its), row: caseRow(its, at) }));
  const sorted = rows.toSorted((a, b) => Number(a.its.passed) - Number(b.its.passed));
  const groups = Map.groupBy(sorted, ({ its }) => its.scenario);
  const heads = new Map([...groups].map(([name, group]) => [name, groupRow(group[0].its)]));
  byId("rows").replaceChildren(...[...groups].flatMap(([name, group]) => [heads.get(name), ...group.map(({ row }) => row)]));
  return function choose(words, show) {
    let shown = 0;
    for (const { its, text, row } of rows) {
      const wanted = show === "failed" ? !its.passed : show === "traced" ? its.trace !== null : true;
      row.hidden = !wanted || !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    for (const [name, group] of groups) heads.get(name).hidden = group.every(({ row }) => row.hidden);
    byId("none").hidden = shown > 0;
    return shown;
  };
}
