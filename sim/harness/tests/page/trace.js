drive(async () => {
  noted.narrow = find("#timeline").classList.contains("narrow");
  expect("no case to go back to", isShown(find("#back")), false);
  expect("tasks and tiers", all("#lanes span").map((name) => name.textContent), ["", "reader", "writer", "observer", "L1", "redis"]);
  expect("a row a step, and the start", all("#steps > li").length, 7);
  expect("the step that finds the old version is selected", [text("#position"), text("#event")], ["6 of 6", "observer: L1.get user:1 → v0 (v0 found)"]);

  expect("the read that breaks the rule is marked", text(".note.read"), "stale read");
  expect("so is the write that overtook it", [text(".note.written"), text("li.alarm .note.written")], ["v1 written", "v1 written"]);
  expect("the other marks", all(".note").map((note) => note.textContent),
    ["v0 read", "v1 written", "cleared too soon", "v1 acknowledged", "v0 put", "stale read", "v0 found"]);
  expect("the arrows", all("#arrows path[data-from]").map((arrow) => [arrow.dataset.from, arrow.dataset.to].join()), ["2,3", "4,5", "5,6"]);

  const states = [];
  press("Home");
  expect("the start", [text("#position"), find("#previous").disabled, text("#event")], ["0 of 6", true, "The start, before the first step."]);
  states.push(held());
  for (let step = 1; step <= 6; step += 1) {
    press("ArrowRight");
    expect("the step", text("#position"), `${step} of 6`);
    states.push(held());
  }
  const [start, written, stale] = [["L1: empty", "redis: user:1 = v0"], ["L1: empty", "redis: user:1 = v1"], ["L1: user:1 = v0", "redis: user:1 = v1"]];
  expect("what the tiers hold", states, [start, start, start, written, written, stale, stale]);
  expect("no step after the last", find("#next").disabled, true);
  press("ArrowLeft");
  find("#previous").click();
  expect("a key and a button go back", text("#position"), "4 of 6");
  expect("the address knows the step", location.hash, "#case=0&step=4");
  expect("what comes later", all("li.later").map((row) => row.dataset.step), ["5", "6"]);
  expect("what happens before it in every schedule", all("li.past").map((row) => row.dataset.step), ["0", "1", "2", "3", "4"]);
  expect("its arrows", all("#arrows .near").map((arrow) => arrow.dataset.from + arrow.dataset.to), ["45"]);

  find("#slider").value = 2;
  find("#slider").dispatchEvent(new Event("input", { bubbles: true }));
  expect("the slider", text("#position"), "2 of 6");
  expect("the slider says what it is at", find("#slider").getAttribute("aria-valuetext"), "2 of 6: reader: redis GET user:1 → v0 (v0 read)");
  find("#steps li:nth-child(6) button").click();
  expect("a click on a step", text("#position"), "5 of 6");
  find("#reason a").click();
  expect("a step that the reason names", text("#position"), "4 of 6");

  expect("one step can be tabbed to", all("#steps [tabindex='0']").map((button) => button.getAttribute("aria-current")), ["step"]);
  find("#steps [tabindex='0']").focus();
  press("ArrowDown");
  expect("the focus goes along", [text("#position"), document.activeElement.closest("li").dataset.step], ["5 of 6", "5"]);
  expect("a step in words", text("#steps li:nth-child(4) button"),
    "Step 3, writer: redis SET user:1 = v1. Happens after step 2. Then L1: empty; redis: user:1 = v1.");
  expect("the event is announced", find("#event").getAttribute("aria-live"), "polite");

  document.activeElement.blur();
  press("/");
  expect("the search is a key away", document.activeElement.id, "search");
  type("#search", "l1.get");
  expect("matches", [text("#found"), all("li.match").map((row) => row.dataset.step)], ["2 steps, Enter for the next", ["1", "6"]]);
  press("Enter");
  expect("the next match", text("#position"), "6 of 6");
  press("Enter");
  expect("and around", text("#position"), "1 of 6");
  press("ArrowLeft");
  expect("keys are text in the search", text("#position"), "1 of 6");
});
