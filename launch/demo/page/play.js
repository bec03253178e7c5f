// Plays a person: says the first words, then answers what is asked, in the web chat or in Telegram, at a person's pace.

import { fill, order, rest, words } from "./words.js";
import { messages } from "./telegram.js";

const PACE = 900;
const PATIENCE = 15000;
const LOOK = 200;
const DATES_COME = 5; // looks, each of some hundred milliseconds: they are a message of their own

/** The web chat, through the phone page around it. */
export class WebPhone {
  #frame;
  #origin;
  #asked = new Map();
  #next = 1;

  constructor(frame, origin) {
    this.#frame = frame;
    this.#origin = origin;
    addEventListener("message", (event) => {
      if (event.origin !== origin || event.source !== frame.contentWindow) return;
      this.#asked.get(event.data.id)?.(event.data.told);
      this.#asked.delete(event.data.id);
    });
  }

  look = () => this.#ask({ work: "look" });
  say = (text) => this.#ask({ work: "say", text });
  tap = (title) => this.#ask({ work: "tap", title });
  latest = () => this.#ask({ work: "latest" });

  #ask(what) {
    const id = this.#next++;
    return new Promise((told, failed) => {
      this.#asked.set(id, told);
      setTimeout(() => failed(new Error("phone")), PATIENCE);
      this.#frame.contentWindow.postMessage({ ...what, id }, this.#origin);
    });
  }
}

/** Telegram, by what the stand-in knows. */
export const telegramPhone = {
  async look() {
    const all = await messages();
    const last = all.findLastIndex((each) => !each.from.is_bot);
    const since = all.slice(last + 1);
    const rows = since.flatMap((each) => each.reply_markup?.inline_keyboard ?? []).flat();
    const said = since.map((each) => each.text ?? each.caption ?? "");
    return { ready: true, lines: all.length, said, buttons: rows.map((each) => each.text), busy: all.length > 0 && !since.length };
  },
  say: (text) => order("telegram/say", { text }),
  tap: (title) => order("telegram/tap", { title }),
};

/** From the first words to the end; false where the talk took a way that is not known. */
export async function play(phone, name, person) {
  const known = words.play;
  let first = await settled(phone);
  for (let times = 0; name === "missed" && !offered(first) && times < DATES_COME; times++) first = await settled(phone);
  let urged = name === "book";
  if (name === "missed" && offered(first)) await answer(phone, first, person);
  else await phone.say(known[name]);
  for (let turn = 0; turn < known.most; turn++) {
    const seen = await settled(phone);
    const said = seen.said.join("\n");
    if (known.done.some((each) => said.includes(each))) return true;
    await rest(PACE);
    if (await answer(phone, seen, person)) continue;
    if (urged) return false;
    urged = true; // it was understood otherwise: in plain words, once
    await phone.say(known.book);
  }
  return false;
}

/** Taps what is offered, the last date rather than the first so that there is time to look at; else says what is asked. */
async function answer(phone, { said, buttons }, person) {
  const title = words.play.taps.find((each) => buttons.includes(each)) ?? offered({ buttons });
  if (title) return phone.tap(title).then(() => true);
  for (const text of said.toReversed()) {
    const found = words.play.says.find(([asked]) => text.includes(asked));
    if (found) return phone.say(fill(found[1], person)).then(() => true);
  }
  return false;
}

/** The last of the dates that are offered. */
const offered = ({ buttons }) => buttons.findLast((each) => new RegExp(words.play.offer).test(each));

/** When all that was said is answered, and nothing more comes. */
async function settled(phone) {
  const until = Date.now() + PATIENCE;
  let before = -1;
  for (;;) {
    const seen = await phone.look();
    if (seen.ready && !seen.busy && seen.lines === before) return seen;
    if (Date.now() > until) return seen;
    before = seen.lines;
    await rest(2 * LOOK);
  }
}
