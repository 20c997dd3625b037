// The page as one file: with the texts, the results and the traces, and without the server.

// The page as it was served, before its scripts have changed it.
let original = null;
document.addEventListener("readystatechange", () => {
  if (document.readyState === "interactive") original = `<!doctype html>\n${document.documentElement.outerHTML}`;
});

// Only `<` can end a script element, and in JSON it occurs only in strings.
const block = (attributes, value) => `<script type="application/json" ${attributes}>${JSON.stringify(value).replaceAll("<", "\\u003c")}</` + "script>\n";

function savedPage() {
  const version = JSON.parse(byId("served").textContent).version;
  const pasted = { version, files, proof, status: byId("status").textContent, kind: byId("status").className };
  const served = /<script type="application\/json" id="served">[^<]*<\/script>\n?/;
  const end = original.lastIndexOf("</body>");
  const page = original.slice(0, end).replace(served, "").replace(" connect-src 'self';", "");
  return page + block('id="pasted"', pasted) + results.map((its) => block('class="case"', its)).join("") + original.slice(end);
}

function save() {
  const name = (/^name = "([\w.-]+)"/m.exec(scenarioOf()) || ["", "cache"])[1];
  const link = make("a", { download: `${name}.html`, href: URL.createObjectURL(new Blob([savedPage()], { type: "text/html" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Shows a saved page: its texts can be read and copied.
function showSaved(pasted) {
  document.body.classList.add("saved");
  for (const id of ["menu", "actions", "limits", "editor-hint"]) byId(id).hidden = true;
  byId("text").readOnly = true;
  byId("saved-note").hidden = false;
  byId("saved-note").textContent = `Saved by selvedge ${pasted.version}. To run it again, save the files in a folder, and run selvedge explore on the scenario.`;
  showFiles(pasted.files, pasted.files[0].name);
  showProof(pasted.proof);
  say(pasted.status, pasted.kind);
  showResults([...cases]);
  openTrace();
}
