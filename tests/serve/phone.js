drive(async () => {
  expect("the width", innerWidth, 390);
  find("#explore").click();
  await until("the run has ended", hasEnded);
  expect("the trace is open", said("#position"), "6 of 6");
  const page = document.documentElement;
  expect("nothing is wider than the screen", page.scrollWidth, page.clientWidth);
  for (const id of ["explore", "save", "smallest", "example", "calls", "threads"]) {
    const { width, height, right } = find(`#${id}`).getBoundingClientRect();
    expect(`${id} can be touched`, [width >= 24, height >= 24, right <= 390], [true, true, true]);
  }
  expect("each field has a name", all("#bench input, #bench select, #bench textarea").every((field) => field.labels.length || field.ariaLabel || field.getAttribute("aria-label")), true);
});
