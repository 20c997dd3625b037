// Reads diagrams, a JSON list of strings, and answers with a list: null, or what mermaid's parser says is wrong.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { default: mermaid } = await import(pathToFileURL(`${folder}/node_modules/mermaid/dist/mermaid.core.mjs`));
const answers = [];
for (const diagram of JSON.parse(readFileSync(0, "utf8"))) {
  const wrong = await mermaid.parse(diagram).then(() => null, (error) => String(error.message ?? error));
  answers.push(wrong);
}
process.stdout.write(JSON.stringify(answers));
