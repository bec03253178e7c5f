// What was said in this conversation, in order, and what still waits to be sent. No DOM, no network.
// A line is {kind: "own", id, via, text, payload, state, why, at} or {kind: "message", id, from, text, buttons, answer, at}.
// An own line goes "sending" -> "sent" (the server has it) -> "answered" (its turn is over), or "failed".

import { EMPTY } from "./device.js";

/** Milliseconds after which the server has answered, or will not. */
export const TURN_LASTS = 12000;

export class Transcript {
  #device;
  #state;
  #ids = new Set();

  constructor(device) {
    this.#device = device;
    this.#state = device.load();
    for (const line of this.lines) this.#ids.add(line.id);
  }

  get lines() {
    return this.#state.lines;
  }

  get(field) {
    return this.#state[field];
  }

  set(field, value) {
    this.#state[field] = value;
    this.keep();
  }

  keep() {
    this.#device.save(this.#state);
  }

  /** Begins again with nothing. */
  reset() {
    this.#device.clear();
    this.#state = { ...EMPTY, lines: [] };
    this.#ids.clear();
  }

  find(id) {
    return this.lines.find((line) => line.id === id);
  }

  /** A line of the person's own. It takes away the quick buttons of what came before: an old "yes" must not answer a new question. */
  addOwn({ via, text, payload }) {
    for (const line of this.lines) if (line.kind === "message" && !isDanger(line)) line.buttons = [];
    const line = { kind: "own", id: newId(), via, text, payload, state: "sending", at: new Date().toISOString() };
    return this.#add(line);
  }

  /** A message of the server's, or null when it is here already. */
  addMessage({ id, re, from, text, buttons = [], answer = null, at }) {
    if (this.#ids.has(id)) return null;
    return this.#add({ kind: "message", id, re, from, text, buttons, answer, at });
  }

  #add(line) {
    this.lines.push(line);
    this.#ids.add(line.id);
    this.keep();
    return line;
  }

  /** Moves an own line on; null when nothing changes. What has been accepted is never unsent again. */
  mark(id, state, why = null, now = Date.now()) {
    const line = this.find(id);
    if (!line || line.kind !== "own" || (line.state === state && line.why === why)) return null;
    const steps = ["failed", "sending", "sent", "answered"];
    if (["sent", "answered"].includes(line.state) && steps.indexOf(state) < steps.indexOf(line.state)) return null;
    line.state = state;
    line.why = why;
    if (state === "sent") line.since = now;
    this.keep();
    return line;
  }

  /** Takes a line out, to be written anew. */
  remove(id) {
    this.#state.lines = this.lines.filter((line) => line.id !== id);
    this.#ids.delete(id);
    this.keep();
  }

  /** Own lines that the server has not confirmed, oldest first. */
  unsent() {
    return this.lines.filter((line) => line.kind === "own" && line.state === "sending");
  }

  /** True while the server works on something of ours. A turn is over after ten seconds, also when nobody tells. */
  isBusy(now = Date.now()) {
    return this.lines.some((line) => line.kind === "own" && line.state === "sent" && now - line.since < TURN_LASTS);
  }

  /** The id of the last message that the server sent, or undefined. */
  lastId() {
    const messages = this.lines.filter((line) => line.kind === "message");
    return messages.length ? messages[messages.length - 1].id : undefined;
  }
}

/** True for the fixed cards about danger to life. */
export const isDanger = (line) => /^(utter|notice)_danger/.test(line.answer || "");

/** A random UUID; crypto.randomUUID is missing on older phones and on plain http. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
