// The strip above the messages: who has the conversation, no connection, a word about what went wrong. Also what a screen reader hears of it.

import { byId, icon, make } from "./dom.js";
import { word } from "./words.js";

const CALM = 2500; // a short break is not worth a word
const LASTS = 12000;

export class Status {
  #banner = byId("banner");
  #owner = null;
  #notice = null;
  #offline = null;
  #calm;
  #ends;

  /** "opening", "open" or "closed"; `retry` is what "Try now" does. */
  showLine(state, retry) {
    if (state === "open") {
      clearTimeout(this.#calm);
      this.#calm = null;
      if (this.#offline) this.#say(word("online"));
      this.#offline = null;
      this.#draw();
    } else if (!this.#calm) {
      this.#calm = setTimeout(() => {
        this.#offline = retry;
        this.#draw();
      }, CALM);
    }
  }

  /** Who has the conversation; a word of it when it has just changed hands. */
  showOwner(owner, changed) {
    this.#owner = owner === "bot" ? null : owner;
    if (changed && owner === "bot") this.#note(word("banner_bot"));
    this.#draw();
  }

  /** Says `text` at once to those who listen and, when `shown`, to those who look. */
  alarm(text, shown = false) {
    byId("alarm").textContent = "";
    setTimeout(() => (byId("alarm").textContent = text), 50);
    if (shown) this.#note(text);
  }

  #note(text) {
    this.#notice = text;
    clearTimeout(this.#ends);
    this.#ends = setTimeout(() => {
      this.#notice = null;
      this.#draw();
    }, LASTS);
    this.#draw();
  }

  #say(text) {
    byId("said").textContent = text;
    setTimeout(() => (byId("said").textContent = ""), 3000);
  }

  #draw() {
    const rows = [];
    if (this.#offline) {
      const again = make("button", { type: "button", onclick: this.#offline }, icon("retry"), make("span", {}, word("offline_try")));
      rows.push(make("p", { className: "offline" }, make("span", {}, word("offline")), again));
    }
    // One thing at a time where there is little room: while the line is down, who has the conversation stands in the heading.
    if (this.#notice) rows.push(make("p", { className: "note" }, this.#notice));
    if (this.#owner && !rows.length) rows.push(make("p", { className: this.#owner }, icon("person"), word(`banner_${this.#owner}`)));
    const key = rows.map((row) => row.className + row.textContent).join("|");
    if (key === this.#banner.dataset.key) return; // the same words again would be read out again
    this.#banner.dataset.key = key;
    this.#banner.replaceChildren(...rows);
  }
}
