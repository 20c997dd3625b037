drive(async () => {
  find("#tabs button:nth-child(2)").click();
  const threads = Array.from({ length: 7 }, (_, at) => `[[thread]]\nname = "t${at}"\nops = ["get a", "set a", "get b", "set b"]\n`).join("\n");
  type("#text", `name = "large"\nabout = "large"\ncache = "./cache_manager.star"\nlocal = "cold"\nremote = "present"\n\n${threads}\n[[expect]]\nconsistency = "eventual"\n`);
  find("#explore").click();
  expect("a second run cannot be started", [find("#explore").disabled, isShown(find("#cancel")), isShown(find("#progress"))], [true, true, true]);
  await until("the progress has a count", () => /\d schedules?$|states/.test(said("#status")));
  find("#cancel").click();
  await until("the run has ended", hasEnded);
  expect("it is bounded", [said("#status"), find("#status").className], ["Bounded: the run was cancelled.", "bounded"]);
  expect("so is its case", all("#rows tr.one").map((row) => [row.cells[1].firstChild.textContent, row.cells[2].firstChild.textContent]), [["bounded", "FAIL"]]);
  expect("it can be run again", [find("#explore").disabled, isShown(find("#cancel"))], [false, false]);
});
