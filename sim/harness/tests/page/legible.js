// Contrast as WCAG 2 has it, names for what can be used, and nothing beyond the screen's edge.

const channels = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);

function luminance([red, green, blue]) {
  const linear = [red, green, blue].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function paperOf(element) {
  for (let around = element; around !== null; around = around.parentElement) {
    const [red, green, blue, alpha = 1] = channels(getComputedStyle(around).backgroundColor);
    if (alpha > 0) return [red, green, blue];
  }
  return [255, 255, 255];
}

function contrast(element) {
  const [light, dark] = [luminance(channels(getComputedStyle(element).color)), luminance(paperOf(element))].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function look() {
  const isRead = (element) => isShown(element) && !element.closest("[aria-hidden='true'], .hidden, :disabled, noscript");
  const words = all("header *, main *").filter((element) =>
    isRead(element) && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()));
  for (const element of words) {
    if (contrast(element) < 4.5) throw new Error(`${contrast(element).toFixed(2)} of ${element.tagName} ${element.className}: ${element.textContent}`);
  }
  for (const control of all("a, button, input, select").filter(isShown)) {
    const name = control.getAttribute("aria-label") || control.textContent.trim() || (control.labels && control.labels[0] && control.labels[0].textContent);
    if (!name) throw new Error(`no name: ${control.outerHTML}`);
  }
  expect("nothing beyond the edge", document.documentElement.scrollWidth <= innerWidth, true);
  const cut = words.filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    return left < 0 || right > innerWidth + 1;
  });
  expect("no words beyond the edge", cut.map((element) => element.textContent), []);
  noted.looked_at = (noted.looked_at || 0) + words.length;
}

drive(async () => {
  noted.width = innerWidth;
  noted.dark = matchMedia("(prefers-color-scheme: dark)").matches;
  look();
  const links = all("#rows tr.one a").map((link) => link.getAttribute("href"));
  for (const link of links) {
    await follow(find(`#rows a[href='${link}']`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    look();
    press("Home");
    look();
    await follow(find("#back a"));
  }
});
