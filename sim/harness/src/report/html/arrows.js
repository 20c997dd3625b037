// Happens-before as arrows between dots, drawn over the rows after their layout.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The distance of an arrow from its lane, and the radius of its corners.
const BESIDE = 8;
const BEND = 4;

function drawArrows(trace, rows, current) {
  const frame = byId("timeline").getBoundingClientRect();
  const centre = (step) => {
    const dot = rows[step].querySelector(".dot").getBoundingClientRect();
    return { x: dot.left + dot.width / 2 - frame.left, y: dot.top + dot.height / 2 - frame.top, r: dot.width / 2 };
  };
  const head = svg("marker", { id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" },
    svg("path", { d: "M0 0 8 4 0 8z" }));
  const arrows = trace.steps.flatMap((step) => step.after.map((before) => {
    const from = centre(before), to = centre(step.step);
    const side = Math.sign(to.x - from.x);
    // The arrow crosses to the other lane between two rows, where there is no text, and then goes down.
    const across = rows[before].getBoundingClientRect().bottom - frame.top;
    const beside = to.x - side * BESIDE;
    const path = `M${from.x} ${from.y + from.r} V${across - BEND} q0 ${BEND} ${side * BEND} ${BEND}`
      + `H${beside - side * BEND} q${side * BEND} 0 ${side * BEND} ${BEND} V${to.y - BEND} q0 ${BEND} ${side * (BESIDE - to.r - 1)} ${BEND}`;
    return svg("path", { d: path, "marker-end": "url(#head)", class: step.step === current || before === current ? "near" : "", "data-from": before, "data-to": step.step });
  }));
  byId("arrows").replaceChildren(svg("defs", {}, head), ...arrows);
}
