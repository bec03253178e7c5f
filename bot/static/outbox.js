// Sends the person's lines, in order, each under its own id until the server has it. The same id twice changes nothing there.

import { word } from "./words.js";

const PATIENCE = 8000; // without "accepted" the line is dead, whatever the browser says
const TRIES = 3;

export class Outbox {
  #transcript;
  #connection;
  #onChange;
  #timers = new Map(); // id -> the timer that waits for "accepted", on this connection
  #tries = new Map();

  /** `onChange(line)`: how the sending of a line goes has changed. */
  constructor(transcript, connection, onChange) {
    this.#transcript = transcript;
    this.#connection = connection;
    this.#onChange = onChange;
  }

  /** Sends all that is unsent and not on its way. */
  flush() {
    for (const line of this.#transcript.unsent()) {
      if (this.#timers.has(line.id)) continue;
      const content = line.via === "say" ? { type: "say", text: line.text } : { type: "choose", payload: line.payload };
      const sent = this.#connection.send({ ...content, id: line.id });
      this.#move(line.id, "sending", sent ? null : "waiting");
      if (!sent) continue;
      this.#timers.set(line.id, setTimeout(() => this.#waitedTooLong(line.id), PATIENCE));
    }
  }

  /** The connection is gone, and with it what was on its way. */
  fell() {
    this.#stopTimers();
    for (const { id } of this.#transcript.unsent()) this.#move(id, "sending", "waiting");
  }

  accepted(id) {
    this.#stopTimer(id);
    this.#tries.delete(id);
    this.#move(id, "sent");
  }

  /** The server would not take `id`. False when that is no line of ours that waits. */
  refused(id, text, code) {
    const line = this.#transcript.find(id);
    if (!line || line.kind !== "own") return false;
    this.#stopTimer(id);
    const again = line.via === "choose" || (code !== "too_long" && code !== "bad_frame");
    this.#move(id, "failed", { text, again });
    return line.state === "failed";
  }

  /** Sends a failed line again, with the same id. */
  retry(line) {
    this.#tries.delete(line.id);
    this.#move(line.id, "sending");
    if (this.#connection.isOpen) this.flush();
    else this.#connection.reset();
  }

  clear() {
    this.#stopTimers();
    this.#tries.clear();
  }

  #waitedTooLong(id) {
    this.#stopTimer(id);
    const tries = (this.#tries.get(id) || 0) + 1;
    this.#tries.set(id, tries);
    if (tries >= TRIES) this.#move(id, "failed", { text: word("error_unavailable"), again: true });
    this.#connection.reset();
  }

  #move(id, state, why = null) {
    const line = this.#transcript.mark(id, state, why);
    if (line) this.#onChange(line);
  }

  #stopTimer(id) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  #stopTimers() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
