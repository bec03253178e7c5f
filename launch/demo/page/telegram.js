// The second phone: a small Telegram client of the stand-in. It shows what the bot sent, with its buttons, and writes back.

import { byId, clock, make, order } from "./words.js";

const EVERY = 700;
let shown = "";

export async function messages() {
  return (await (await fetch("/telegram")).json()).messages;
}

/** Keeps the log fresh; what is tapped or written goes to the bot as an update. */
export function startTelegram() {
  byId("telegram-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = byId("telegram-text");
    const text = field.value.trim();
    field.value = "";
    if (text) await order("telegram/say", { text });
    refresh();
  });
  refresh();
  setInterval(() => !document.hidden && refresh(), EVERY);
}

async function refresh() {
  const all = await messages().catch(() => null);
  const now = JSON.stringify(all);
  if (!all || now === shown) return;
  shown = now;
  const log = byId("telegram-log");
  byId("telegram-empty").hidden = all.length > 0;
  log.replaceChildren(...all.map(bubble));
  log.parentElement.scrollTop = log.parentElement.scrollHeight;
}

function bubble(message) {
  const text = make("p", { className: "text" }, ...linked(message.text ?? message.caption ?? ""));
  if (message.document) text.prepend(make("span", { className: "file" }, message.document.file_name));
  const at = make("time", { className: "at" }, clock(message.date * 1000));
  const rows = (message.reply_markup?.inline_keyboard ?? []).map((row) =>
    make("div", { className: "keys" }, ...row.map((key) => button(key, message))));
  const own = message.from.is_bot ? "theirs" : "own";
  return make("li", { className: `bubble ${own}` }, make("div", { className: "box" }, text, at), ...rows);
}

function button(key, message) {
  if (key.url) return make("a", { className: "key", href: key.url, target: "_blank", rel: "noreferrer" }, key.text);
  const made = make("button", { className: "key", type: "button" }, key.text);
  made.onclick = () => order("telegram/tap", { title: key.text, message: message.message_id }).then(refresh);
  return made;
}

/** Addresses become links; all else stays text. */
function linked(text) {
  return text.split(/(https?:\/\/\S+)/).map((part, place) =>
    place % 2 ? make("a", { href: part, target: "_blank", rel: "noreferrer" }, part) : part);
}
