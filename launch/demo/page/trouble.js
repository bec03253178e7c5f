// Breaking things: begins it, and shows each step as it comes and the figures at the end.

import { byId, fill, make, order, put, words } from "./words.js";

const NAMES = ["kill", "replay", "race"];
const shown = {};

/** `openList(session)`: shows a session's list in the console. */
export function startTrouble(openList) {
  for (const name of NAMES) {
    byId(`do-${name}`).onclick = async () => {
      const told = await order("break", { what: name });
      if (told?.begun) showTrouble(told.trouble);
      else put(byId(`${name}-state`), words.trouble.wait);
    };
  }
  byId("race-list").onclick = () => openList(byId("race-list").dataset.session);
}

export function showTrouble(trouble) {
  const going = NAMES.some((name) => trouble[name].state === "running");
  for (const name of NAMES) {
    byId(`do-${name}`).disabled = going;
    const now = JSON.stringify(trouble[name]);
    if (shown[name] === now) continue;
    shown[name] = now;
    show(name, trouble[name]);
  }
}

function show(name, { state, steps, figures }) {
  const own = words.trouble[name];
  byId(name).dataset.state = state;
  put(byId(`${name}-state`), { new: words.trouble.new, running: words.trouble.running }[state] ?? "");
  byId(`${name}-steps`).replaceChildren(...steps.map((step) => {
    const values = { ...step, where: byId(`tab-${step.where}`)?.textContent.trim() };
    return make("li", {}, make("span", { className: "took" }, `${step.at.toFixed(1)} s`), make("span", {}, fill(own[step.code] ?? words.trouble[step.code], values)));
  }));
  const counted = Object.keys(figures).length ? own.figures : [];
  byId(`${name}-figures`).replaceChildren(...counted.map(([key, label]) =>
    make("div", { "data-figure": key, "data-bad": ["lost", "doubled", "over", "twice"].includes(key) && figures[key] > 0 },
      make("dt", {}, label), make("dd", {}, String(figures[key])))));
  if (name === "race") {
    byId("race-list").hidden = !figures.session;
    byId("race-list").dataset.session = figures.session ?? "";
  }
}
