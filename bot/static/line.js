// Draws one line of the conversation: who, the words with their links, quick buttons, time, "Listen", "Why this answer?", and how the sending went.

import { icon, make } from "./dom.js";
import { canSpeak, toggleSpeech } from "./speech.js";
import { findLinks, shortAddress } from "./text.js";
import { isDanger } from "./transcript.js";
import { drawWhy } from "./why.js";
import { word } from "./words.js";

const LONDON = "Europe/London";
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hour12: true, timeZone: LONDON });

/** The element of `line`. `doing`: choose(line, button), retry(line), edit(line). */
export function drawLine(line, doing) {
  const from = line.kind === "own" ? "own" : line.from;
  const danger = isDanger(line);
  const element = make("li", { className: `line ${from}${danger ? " danger" : ""}`, tabIndex: -1, dataset: { id: line.id } });
  element.append(make("span", { className: "from" }, danger ? icon("alert") : null, danger ? word("danger") : word(`from_${from}`)));
  const calls = danger ? drawCalls(line) : [];
  // The first number, before any reading; the others after it.
  element.append(...calls.slice(0, 1), drawText(line), ...calls.slice(1));
  if (line.kind === "own") {
    const state = make("span", { className: "state", "aria-live": "off" });
    element.append(make("p", { className: "meta" }, drawTime(line.at), state));
    drawState(element, line, doing);
  } else {
    drawChoices(element, line, doing);
    const meta = make("p", { className: "meta" }, drawTime(line.at));
    if (canSpeak()) meta.append(drawListen(line));
    // Not under a card about danger: nothing there may draw the eye away from help.
    const [button, reason] = danger ? [] : drawWhy(line);
    if (button) meta.append(button);
    element.append(meta);
    if (reason) element.append(reason);
  }
  return element;
}

function drawText(line) {
  const bubble = make("div", { className: "bubble" });
  for (const part of line.text.split(/\n\s*\n/)) {
    const paragraph = make("p", { dir: "auto" });
    paragraph.append(...(line.kind === "own" ? [part] : findLinks(part).map(drawPiece)));
    bubble.append(paragraph);
  }
  return bubble;
}

function drawPiece(piece) {
  if (piece.kind === "plain") return document.createTextNode(piece.text);
  if (piece.kind === "calendar") return make("a", { className: "file", href: piece.href, download: "" }, icon("calendar"), word("calendar"));
  if (piece.kind !== "web") return make("a", { href: piece.href, className: "number" }, piece.text);
  const note = make("span", { className: "vh" }, ` (${word("new_window")})`);
  return make("a", { href: piece.href, target: "_blank", rel: "noopener noreferrer" }, shortAddress(piece.href), note);
}

/** Big buttons for every number in a danger card, in one or two rows: in an emergency nobody should aim at a word. */
function drawCalls(line) {
  const found = findLinks(line.text).filter((piece) => piece.kind === "tel" || piece.kind === "sms");
  const unique = found.filter((piece, at) => found.findIndex((other) => other.href === piece.href) === at);
  const links = unique.map((piece) => make("a", { href: piece.href }, icon(piece.kind === "tel" ? "phone" : "text"), callLabel(piece)));
  const row = (some) => make("div", { className: "calls" }, ...some);
  return [links.slice(0, 1), links.slice(1)].filter((some) => some.length).map(row);
}

function callLabel({ kind, number, word: texted }) {
  if (kind === "tel") return word("call", { number });
  return texted ? word("text", { word: texted, number }) : word("text_number", { number });
}

/** Draws the quick buttons of a message anew, or takes them away when there are none any more. */
export function drawChoices(element, line, doing) {
  const old = element.querySelector(".choices");
  if (old) old.remove();
  if (!line.buttons || !line.buttons.length) return;
  const long = line.buttons.length > 3 || line.buttons.some(({ title }) => title.length > 22);
  const group = make("div", { className: `choices${long ? " stacked" : ""}`, role: "group", "aria-label": word("choices") });
  for (const button of line.buttons) {
    group.append(make("button", { type: "button", onclick: () => doing.choose(line, button) }, make("span", { dir: "auto" }, button.title)));
  }
  const meta = element.querySelector(".meta");
  if (meta) meta.before(group);
  else element.append(group);
}

/** Draws how the sending of an own line goes. */
export function drawState(element, line, doing) {
  element.dataset.state = line.state;
  const state = element.querySelector(".state");
  state.replaceChildren();
  if (line.state === "sending") state.append(word(line.why === "waiting" ? "waiting" : "sending"));
  if (line.state === "sent" || line.state === "answered") state.append(word("sent"));
  if (line.state !== "failed") return;
  state.append(make("span", { className: "why" }, icon("alert"), word("failed"), " ", line.why.text || ""));
  if (line.why.again) state.append(make("button", { type: "button", onclick: () => doing.retry(line) }, icon("retry"), word("retry")));
  if (line.via === "say") state.append(make("button", { type: "button", onclick: () => doing.edit(line) }, word("edit")));
}

function drawTime(at) {
  const when = new Date(at);
  return make("time", { dateTime: at }, Number.isNaN(when.getTime()) ? "" : TIME.format(when).replace(":00", "").replace(/\s/, ""));
}

function drawListen(line) {
  const button = make("button", { type: "button", className: "listen" });
  const show = (speaking) => {
    button.replaceChildren(icon(speaking ? "stop" : "listen"), word(speaking ? "listen_stop" : "listen"));
    button.dataset.speaking = String(speaking);
  };
  button.onclick = () => show(toggleSpeech(line.id, spokenText(line), () => show(false)));
  show(false);
  return button;
}

function spokenText({ text, buttons }) {
  if (!buttons || !buttons.length) return text;
  return `${text}\n${word("listen_choices")} ${buttons.map(({ title }) => title).join("; ")}.`;
}
