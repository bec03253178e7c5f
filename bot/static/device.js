// What stays on the person's device: one entry in this tab's session storage, so that a reload goes on and a closed tab forgets.

const KEY = "chat";
const MINUTE = 60000;
/** How long the page may be away and still show what was said: longer while a person is awaited. */
const AWAY = { bot: 30 * MINUTE, queued: 480 * MINUTE, worker: 480 * MINUTE };

export const EMPTY = { token: null, link: null, owner: "bot", lines: [], seen: null, draft: "" };

export class Device {
  #storage;
  #gone = false;

  constructor(storage = reachStorage()) {
    this.#storage = storage;
  }

  /** What was kept, or a fresh state when there is nothing, it is too old, or it cannot be read. */
  load(now = Date.now()) {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY));
      if (kept && now - kept.at <= (AWAY[kept.owner] || AWAY.bot)) return { ...EMPTY, ...kept, lines: [...kept.lines] };
    } catch {
      // A broken entry is no entry.
    }
    this.#remove();
    return { ...EMPTY, lines: [] };
  }

  /** Keeps `state`; when there is no room, the oldest lines go first. */
  save(state, now = Date.now()) {
    if (this.#gone) return;
    let lines = state.lines.slice(-400);
    for (;;) {
      try {
        this.#storage.setItem(KEY, JSON.stringify({ ...state, lines, at: now }));
        return;
      } catch {
        if (lines.length < 2) return;
        lines = lines.slice(Math.ceil(lines.length / 2));
      }
    }
  }

  /** Forgets everything and, when `forGood`, keeps nothing any more: the person is leaving. */
  clear(forGood = false) {
    this.#gone = forGood;
    this.#remove();
  }

  #remove() {
    try {
      this.#storage.removeItem(KEY);
    } catch {
      // Nothing could be kept either.
    }
  }
}

/** Session storage, or a stand-in that lasts as long as the page where the browser forbids it. */
function reachStorage() {
  try {
    window.sessionStorage.getItem(KEY);
    return window.sessionStorage;
  } catch {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    };
  }
}
