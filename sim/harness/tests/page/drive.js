// What the tests do in a page. What they note is told to the frame around it.

const noted = { wrong: null, done: false };

const find = (selector) => {
  const element = document.querySelector(selector);
  if (element === null) throw new Error(`no ${selector}`);
  return element;
};
const all = (selector) => [...document.querySelectorAll(selector)];
const isShown = (element) => element.getClientRects().length > 0;
const text = (selector) => find(selector).textContent.trim().replaceAll(/\s+/g, " ");

// What the tiers hold at the selected step.
const held = () => all("#held > div").map((tier) => {
  const values = [...tier.querySelectorAll("dd span")].map((value) => value.textContent);
  return `${tier.querySelector("dt").textContent}: ${values.join(", ") || tier.querySelector("dd").textContent}`;
});

function expect(what, found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: ${JSON.stringify(found)}, and not ${JSON.stringify(wanted)}`);
  }
}

function press(key, target = document.activeElement || document.body) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

function type(selector, value) {
  find(selector).value = value;
  find(selector).dispatchEvent(new Event("input", { bubbles: true }));
  find(selector).dispatchEvent(new Event("change", { bubbles: true }));
}

async function follow(link) {
  const changed = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
  link.click();
  await changed;
}

// The page starts itself when its document is there; this comes after.
function drive(does) {
  addEventListener("DOMContentLoaded", async () => {
    // The rows have their places once they have been drawn.
    await new Promise((resolve) => setTimeout(resolve, 100));
    try {
      await does();
      noted.done = true;
    } catch (error) {
      noted.wrong = String(error.stack || error);
    }
    parent.postMessage(JSON.stringify(noted), "*");
  });
}
