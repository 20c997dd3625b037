// The editor: a text area with line numbers, and marks behind its text. A file is { name, text }.

const files = [];
let opened = 0;
// The marked line of the selected step, and the mistakes, as { file, line } and { place }.
let stepAt = null;
let mistakes = [];

const textOf = () => byId("text");

function showFiles(list, wanted) {
  files.splice(0, files.length, ...list.map((file) => ({ ...file })));
  opened = Math.max(0, files.findIndex((file) => file.name === wanted));
  stepAt = null;
  mistakes = [];
  byId("tabs").replaceChildren(...files.map((file, at) => {
    const tab = make("button", { type: "button", role: "tab", id: `tab-${at}`, "aria-controls": "editor" }, file.name);
    tab.addEventListener("click", () => openFile(at));
    return tab;
  }));
  openFile(opened);
}

function openFile(at) {
  opened = at;
  textOf().value = files[at].text;
  textOf().setAttribute("aria-label", `Text of ${files[at].name}`);
  textOf().scrollTo(0, 0);
  byId("editor").setAttribute("aria-labelledby", `tab-${at}`);
  [...byId("tabs").children].forEach((tab, number) => {
    tab.setAttribute("aria-selected", String(number === at));
    tab.tabIndex = number === at ? 0 : -1;
  });
  drawMarks();
}

const fileNamed = (name) => files.findIndex((file) => file.name === name);

// A line with the part of it that a mistake underlines.
function markedLine(line, number) {
  const own = mistakes.filter(({ place }) => place && place.file === files[opened].name && place.from.line <= number && number <= place.to.line);
  const row = make("div", { class: [own.length ? "wrong" : "", isStep(number) ? "at" : ""].join(" ").trim() || null });
  if (own.length === 0) {
    row.append(line);
    return row;
  }
  const { from, to } = own[0].place;
  const start = from.line === number ? from.column - 1 : 0;
  const end = to.line === number ? to.column - 1 : line.length;
  const part = line.slice(start, end);
  row.append(line.slice(0, start), make("mark", { class: part === "" ? "point" : null }, part), line.slice(end));
  return row;
}

const isStep = (number) => stepAt !== null && stepAt.file === files[opened].name && stepAt.line === number;
const isWrong = (number) => mistakes.some(({ place }) => place && place.file === files[opened].name && place.from.line === number);

function drawMarks() {
  const lines = files[opened].text.split("\n");
  byId("marks").replaceChildren(...lines.map((line, at) => markedLine(line, at + 1)));
  byId("numbers").replaceChildren(...lines.map((_, at) => {
    const kind = isWrong(at + 1) ? "wrong" : isStep(at + 1) ? "at" : null;
    return make("span", { class: kind }, String(at + 1));
  }));
  [...byId("tabs").children].forEach((tab, at) => {
    tab.classList.toggle("wrong", mistakes.some(({ place }) => place && place.file === files[at].name));
  });
  moveMarks();
}

// The marks and the numbers scroll with the text.
function moveMarks() {
  const { scrollLeft, scrollTop } = textOf();
  byId("marks").style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
  byId("numbers").style.transform = `translateY(${-scrollTop}px)`;
}

// Scrolls a line of a file into view, and opens the file if necessary.
function showLineOf(name, line) {
  const at = fileNamed(name);
  if (at < 0) return;
  if (at !== opened) openFile(at);
  const row = byId("marks").children[line - 1];
  if (!row) return;
  const { offsetTop, offsetHeight } = row, area = textOf();
  if (offsetTop < area.scrollTop || offsetTop + offsetHeight > area.scrollTop + area.clientHeight - 16) {
    area.scrollTop = Math.max(0, offsetTop - area.clientHeight / 3);
  }
  moveMarks();
}

// Marks the line that executes a step: the location is "cache.star:12".
function markStep(location) {
  const parts = /^(.*):(\d+)$/.exec(location || "");
  const known = parts !== null && fileNamed(parts[1]) >= 0;
  stepAt = known ? { file: parts[1], line: Number(parts[2]) } : null;
  if (known && fileNamed(stepAt.file) !== opened) openFile(fileNamed(stepAt.file));
  else drawMarks();
  if (known) showLineOf(stepAt.file, stepAt.line);
}

function markMistakes(list) {
  mistakes = list;
  const first = list.find(({ place }) => place && fileNamed(place.file) >= 0);
  if (first && fileNamed(first.place.file) !== opened) openFile(fileNamed(first.place.file));
  else drawMarks();
  if (first) showLineOf(first.place.file, first.place.from.line);
}

function goTo({ file, from }) {
  showLineOf(file, from.line);
  const before = files[opened].text.split("\n").slice(0, from.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  textOf().focus();
  textOf().setSelectionRange(before + from.column - 1, before + from.column - 1);
}

// A new line begins like the last one, and deeper after a colon.
function newLine(event) {
  const { value, selectionStart, selectionEnd } = textOf();
  const before = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  const indent = /^[ \t]*/.exec(before)[0] + (/:\s*$/.test(before) && files[opened].name.endsWith(".star") ? "    " : "");
  if (indent === "" || selectionStart !== selectionEnd) return;
  event.preventDefault();
  // This way of inserting is the only one that the browser's undo includes.
  document.execCommand("insertText", false, `\n${indent}`);
}

function startEditor(onRun) {
  const area = textOf();
  area.addEventListener("input", () => {
    files[opened].text = area.value;
    // The lines have moved: the marks may be wrong now.
    stepAt = null;
    mistakes = mistakes.filter(({ place }) => !place || place.file !== files[opened].name);
    drawMarks();
  });
  area.addEventListener("scroll", moveMarks);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onRun();
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) newLine(event);
  });
  byId("tabs").addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: opened - 1, ArrowRight: opened + 1, Home: 0, End: files.length - 1 };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    openFile((moves[event.key] + files.length) % files.length);
    byId("tabs").children[opened].focus();
  });
}
