drive(async () => {
  const right = find("#text").value;
  type("#text", right.replace("self.redis.get", "self.rediz.get").replace("<", ""));
  find("#explore").click();
  await until("the run has ended", hasEnded);
  expect("the number of mistakes", said("#status"), "1 mistake: nothing was explored");
  expect("the line and its part", [all("#marks .wrong").length, said("#marks .wrong mark"), said("#numbers .wrong")], [1, "rediz", "16"]);
  expect("the tab", find("#tabs button").classList.contains("wrong"), true);
  expect("the caret", said("#mistakes pre").includes("did you mean `redis`?"), true);
  expect("no result", [isShown(find("#cases")), find("#save").disabled], [false, true]);
  find("#mistakes button").click();
  const area = find("#text");
  expect("the link moves the cursor there", [document.activeElement.id, area.value.slice(area.selectionStart, area.selectionStart + 5)], ["text", "rediz"]);

  // The text is never interpreted as HTML.
  const hostile = '</' + 'script><img src=x onerror="document.body.dataset.taken = 1">';
  type("#text", `${hostile}\n`);
  find("#explore").click();
  await until("the run has ended", hasEnded);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect("nothing was run", [document.body.dataset.taken, all("img").length], [undefined, 0]);
  expect("it is shown as it is", said("#marks .wrong").startsWith("</" + "script>"), true);

  // A change removes the marks of its file.
  type("#text", right);
  expect("no mark is left", [all("#marks .wrong").length, all("#numbers .wrong").length], [0, 0]);

  // A mistake in the scenario opens its file.
  find("#tabs button:nth-child(2)").click();
  type("#text", find("#text").value.replace('"cold"', '"cool"'));
  find("#tabs button:nth-child(1)").click();
  find("#explore").click();
  await until("the run has ended", hasEnded);
  expect("the scenario is open", [said("#tabs [aria-selected=true]").replace(" ●", ""), said("#marks .wrong mark")], ["scenario.toml", '"cool"']);
});
