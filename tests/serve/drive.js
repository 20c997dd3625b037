// The actions of the tests in the page. The log is posted to the test's server.

const noted = { wrong: null };

const find = (selector) => {
  const element = document.querySelector(selector);
  if (element === null) throw new Error(`no ${selector}`);
  return element;
};
const all = (selector) => [...document.querySelectorAll(selector)];
const isShown = (element) => element.getClientRects().length > 0;
const said = (selector) => find(selector).textContent.trim().replaceAll(/\s+/g, " ");

function expect(what, found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: ${JSON.stringify(found)}, and not ${JSON.stringify(wanted)}`);
  }
}

async function until(what, condition) {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 2_000) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function press(key, target, options) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));
}

function type(selector, value) {
  find(selector).value = value;
  find(selector).dispatchEvent(new Event("input", { bubbles: true }));
}

function choose_(selector, value) {
  find(selector).value = value;
  find(selector).dispatchEvent(new Event("change", { bubbles: true }));
}

const hasEnded = () => find("#cancel").hidden && find("#status").textContent !== "";

function drive(does) {
  addEventListener("DOMContentLoaded", async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    try {
      await does();
    } catch (error) {
      noted.wrong = String(error.stack || error);
    }
    await fetch("/log", { method: "POST", body: JSON.stringify(noted) });
  });
}
