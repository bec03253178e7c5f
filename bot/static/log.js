// The list of lines on the screen: days, scrolling that never takes a line away from its reader, typing, "New message".

import { byId, make } from "./dom.js";
import { drawChoices, drawLine, drawState } from "./line.js";
import { isDanger } from "./transcript.js";
import { word } from "./words.js";

const DAY = { weekday: "long", day: "numeric", month: "long", timeZone: "Europe/London" };
const NEAR = 60; // pixels from the end that still count as "at the end"

export class Log {
  #log = byId("log");
  #lines = byId("lines");
  #typing = byId("typing");
  #latest = byId("latest");
  #calls;
  #elements = new Map();
  #day = null;
  #placed = null; // where we last scrolled to: a person who has not moved since is still following
  #typingEnds;

  constructor(calls) {
    this.#calls = calls;
    this.#latest.onclick = () => this.#toEnd(true);
    this.#log.addEventListener("scroll", () => this.#hasNews() || (this.#latest.hidden = true), { passive: true });
  }

  /** Shows a whole conversation, quietly: a screen reader does not read it all out. */
  fill(lines) {
    this.#log.setAttribute("aria-busy", "true");
    this.#log.setAttribute("aria-live", "off");
    this.#lines.replaceChildren();
    this.#elements.clear();
    this.#day = null;
    for (const line of lines) this.#append(line);
    if (lines.length) this.#toEnd();
    else this.#place(0); // what there is to know before the first message, from its beginning
    requestAnimationFrame(() => {
      this.#log.removeAttribute("aria-busy");
      this.#log.setAttribute("aria-live", "polite");
    });
  }

  /** Adds a line, and keeps its reader where it can be read from its beginning. Returns its element. */
  add(line) {
    const follows = line.kind === "own" || this.#isAtEnd() || this.#log.scrollTop === this.#placed;
    const element = this.#append(line);
    if (isDanger(line)) this.#place(element.offsetTop);
    else if (follows) this.#follow();
    if (line.kind !== "own" && this.#hasNews()) this.#latest.hidden = false;
    return element;
  }

  element(id) {
    return this.#elements.get(id);
  }

  /** Draws again what can change: state of an own line, quick buttons of a message. */
  refresh(line) {
    const element = this.#elements.get(line.id);
    if (!element) return;
    const hadFocus = element.contains(document.activeElement);
    const follows = this.#isAtEnd();
    if (line.kind === "own") drawState(element, line, this.#calls);
    else drawChoices(element, line, this.#calls);
    if (hadFocus && !element.contains(document.activeElement)) element.focus({ preventScroll: true });
    if (follows) this.#follow();
  }

  remove(id) {
    const element = this.#elements.get(id);
    if (element) element.remove();
    this.#elements.delete(id);
  }

  /** Shows that someone writes, for `ms` at most. */
  showTyping(who, ms) {
    if (this.#typing.hidden) {
      const follows = this.#isAtEnd() || this.#log.scrollTop === this.#placed;
      const dots = make("span", { className: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
      this.#typing.replaceChildren(dots, make("span", { className: "vh" }, `${who} ${word("typing")}`));
      this.#typing.hidden = false;
      if (follows) this.#follow();
    }
    clearTimeout(this.#typingEnds);
    this.#typingEnds = setTimeout(() => this.hideTyping(), ms);
  }

  hideTyping() {
    this.#typing.hidden = true;
  }

  /** After the screen changed its size (a keyboard came up). */
  settle() {
    if (this.#latest.hidden) this.#follow();
  }

  #append(line) {
    this.#showDay(line.at);
    const element = drawLine(line, this.#calls);
    const before = this.#lines.lastElementChild;
    if (before && before.classList.contains(line.kind === "own" ? "own" : line.from)) element.classList.add("again");
    this.#lines.append(element);
    this.#elements.set(line.id, element);
    return element;
  }

  #showDay(at) {
    const when = new Date(at);
    if (Number.isNaN(when.getTime())) return;
    const name = (date) => new Intl.DateTimeFormat("en-GB", DAY).format(date);
    const day = name(when);
    if (day === this.#day) return;
    const today = name(new Date()) === day;
    const yesterday = name(new Date(Date.now() - 86400000)) === day;
    // A conversation that is all of today needs no heading for it.
    if (this.#day !== null || !today) {
      const text = today ? word("today") : yesterday ? word("yesterday") : day;
      this.#lines.append(make("li", { className: "day" }, make("span", {}, text)));
    }
    this.#day = day;
  }

  /** True while the newest line begins below what is on the screen. */
  #hasNews() {
    const last = this.#lines.lastElementChild;
    return Boolean(last) && last.offsetTop > this.#log.scrollTop + this.#log.clientHeight - NEAR;
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** To the end, but never so far that the person's own last line, and so the start of its answer, is gone. */
  #follow() {
    const own = this.#lines.querySelectorAll(".line.own");
    if (!own.length) return; // nothing said yet: whoever reads what the chat is about is left in peace
    const end = this.#log.scrollHeight - this.#log.clientHeight;
    this.#place(Math.min(end, own[own.length - 1].offsetTop - 8));
  }

  #place(top) {
    this.#log.scrollTop = top;
    this.#placed = this.#log.scrollTop;
  }

  #toEnd(byHand = false) {
    this.#place(this.#log.scrollHeight);
    this.#latest.hidden = true;
    if (byHand) this.#log.focus({ preventScroll: true });
  }
}
