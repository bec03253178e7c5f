// The page's words (words.yml), its clock faces, and a few helpers for making elements.

export const byId = (id) => document.getElementById(id);
export const words = await (await fetch("/words.json")).json();

const LONDON = { timeZone: "Europe/London" };
const WHEN = new Intl.DateTimeFormat("en-GB", { ...LONDON, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { ...LONDON, weekday: "long", day: "numeric", month: "long" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { ...LONDON, hour: "2-digit", minute: "2-digit" });

export const when = (at) => WHEN.format(new Date(at));
export const day = (at) => DAY.format(new Date(at));
export const clock = (at) => CLOCK.format(new Date(at));

/** `text` with {names} filled in. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function make(tag, given = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...inside);
  return element;
}

/** Puts `text` there only where it is news, so that screen readers hear it once. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export async function order(path, given) {
  const answer = await fetch(`/${path}`, { method: "POST", body: JSON.stringify(given), headers: { "Content-Type": "application/json" } });
  return answer.ok ? answer.json() : null;
}

export const rest = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));
