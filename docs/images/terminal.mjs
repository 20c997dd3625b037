// Draws the output of a command as an SVG: `node terminal.mjs COMMAND <OUTPUT`. The lines appear one after another, unless
// the reader prefers reduced motion.

import { readFileSync } from "node:fs";

const command = process.argv[2];
const text = readFileSync(0, "utf8").trimEnd();

const CELL = { width: 7.8, height: 17 };
const MARGIN = 14;
const DELAY = 0.06; // seconds between two lines

// The parameters of SGR that Selvedge uses, as classes.
const CLASSES = { 1: "bold", 2: "dim", 31: "red", 32: "green", 33: "yellow", 36: "cyan" };

const escaped = (part) => part.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** The line as spans. Each begins at its column, so that no font can shift it. */
function spans(line) {
  let style = new Set();
  let column = 0;
  let out = "";
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const codes = part.match(/^\x1b\[([0-9;]*)m$/);
    if (codes) {
      for (const code of codes[1].split(";").map(Number)) {
        if (code === 0) style = new Set();
        else if (CLASSES[code]) style.add(CLASSES[code]);
        else throw new Error(`SGR ${code} has no class`);
      }
      continue;
    }
    for (const word of part.split(/( {2,})/)) {
      if (word.trim()) {
        const x = (MARGIN + column * CELL.width).toFixed(1);
        out += `<tspan x="${x}" class="${[...style].join(" ")}">${escaped(word)}</tspan>`;
      }
      column += [...word].length;
    }
  }
  return out;
}

const lines = [`\x1b[2m$\x1b[0m \x1b[1m${command}\x1b[0m`, "", ...text.split("\n")];
const columns = Math.max(...lines.map((line) => [...line.replace(/\x1b\[[0-9;]*m/g, "")].length));
const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
const height = lines.length * CELL.height + 2 * MARGIN;
const rows = lines.map((line, at) => {
  const y = MARGIN + (at + 0.75) * CELL.height;
  const delay = at < 2 ? 0 : (0.8 + at * DELAY).toFixed(2);
  return `<text y="${y.toFixed(1)}" style="animation-delay:${delay}s">${spans(line)}</text>`;
});

console.log(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(command)}">
<style>
text { font: 13px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8dee4; white-space: pre; animation: appear 0.1s both; }
.bold { font-weight: bold; } .dim { fill: #8b949e; } .red { fill: #ff7b72; } .green { fill: #7ee787; }
.yellow { fill: #e3b341; } .cyan { fill: #79c0ff; }
@keyframes appear { from { opacity: 0; } to { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { text { animation: none; } }
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${rows.join("\n")}
</svg>`);
