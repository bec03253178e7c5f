// The message box: grows with its text, counts what is left, sends with Enter or the button.

import { byId } from "./dom.js";
import { word } from "./words.js";

const MOST = 2000; // characters, as the server counts them
const WARN = 200; // letters left when the count appears
const TYPING_EVERY = 3000;

export class Composer {
  #box = byId("say");
  #left = byId("left");
  #calls;
  #told = 0;

  /** `calls`: send(text), typing(), draft(text), over(why): it cannot be sent. */
  constructor(calls) {
    this.#calls = calls;
    this.#box.addEventListener("input", () => this.#changed());
    this.#box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
      this.#box.focus({ preventScroll: true });
    });
  }

  get text() {
    return this.#box.value;
  }

  /** Puts `text` into the box, after what stands there. */
  put(text) {
    this.#box.value = [this.#box.value, text].filter(Boolean).join("\n");
    this.#show();
    this.#calls.draft(this.#box.value);
  }

  clear() {
    this.#box.value = "";
    this.#show();
  }

  focus() {
    this.#box.focus({ preventScroll: true });
  }

  #submit() {
    const text = this.#box.value.trim();
    if (!text) return;
    if (this.#over() > 0) {
      this.#calls.over(this.#left.textContent);
      return;
    }
    this.clear();
    this.#calls.draft("");
    this.#calls.send(text);
  }

  #changed() {
    this.#show();
    this.#calls.draft(this.#box.value);
    if (!this.#box.value || Date.now() - this.#told < TYPING_EVERY) return;
    this.#told = Date.now();
    this.#calls.typing();
  }

  #over() {
    return [...this.#box.value.trim()].length - MOST;
  }

  #show() {
    this.#box.style.height = "auto";
    this.#box.style.height = `${this.#box.scrollHeight + this.#box.offsetHeight - this.#box.clientHeight}px`;
    const over = this.#over();
    const said = over > 0 ? word("over", { left: over }) : word("left", { left: -over });
    const wasOver = this.#box.getAttribute("aria-invalid") === "true";
    this.#left.textContent = over > -WARN ? said : "";
    this.#box.setAttribute("aria-invalid", String(over > 0));
    if (over > 0 && !wasOver) this.#calls.over(said); // once, not at each letter
  }
}
