// "Why this answer?": one tap opens where an answer comes from, who approved it and when. Fetched when it is first opened.

import { icon, make } from "./dom.js";
import { isExplained, word } from "./words.js";

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const known = new Map(); // answer -> what the server told of it
let count = 0;

/** [button, panel] for a message that has a source to show, else nothing. */
export function drawWhy({ from, answer }) {
  if (from !== "assistant" || !isExplained(answer)) return [];
  const panel = make("div", { className: "reason", id: `reason-${(count += 1)}`, hidden: true });
  const button = make("button", { type: "button", className: "why-answer", "aria-expanded": "false", "aria-controls": panel.id }, icon("why"), word("source_open"));
  button.onclick = () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) fill(panel, answer);
  };
  return [button, panel];
}

async function fill(panel, answer) {
  if (!known.has(answer)) panel.replaceChildren(make("p", {}, word("source_wait")));
  try {
    const found = known.get(answer) || (await ask(answer));
    known.set(answer, found);
    panel.replaceChildren(drawReason(found));
  } catch {
    panel.replaceChildren(make("p", {}, word("source_failed")));
  }
  panel.scrollIntoView({ block: "nearest" });
}

async function ask(answer) {
  const reply = await fetch(`/chat/answers/${encodeURIComponent(answer)}`, { credentials: "omit" });
  if (!reply.ok) throw new Error(String(reply.status));
  return reply.json();
}

function drawReason({ source, approver, approved_on: approved, review_by: review, sample }) {
  const rows = [
    [word("source_from"), source],
    [word("source_by"), approver],
    [word("source_on"), DATE.format(new Date(approved))],
    [word("source_until"), DATE.format(new Date(review))],
    ...(sample ? [[word("source_sample"), word("source_sample_yes")]] : []),
  ];
  return make("dl", {}, ...rows.map(([name, text]) => make("div", {}, make("dt", {}, name), make("dd", {}, text))));
}
