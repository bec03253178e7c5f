// The line to the server: keeps one WebSocket open and comes back after every break, later each time and never all at once.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const OPENING = 10000; // until the first frame must be here
const STEADY = 5000; // a line that holds this long starts again with short waits
const ASLEEP = 45000; // after so long in the background a phone's socket is often dead without telling

export class Connection {
  #calls;
  #socket = null;
  #attempt = 0;
  #tries = 0;
  #timers = {};
  #isOpen = false;
  #hiddenAt = null;
  #stopped = false;

  /** `calls`: enter() makes sure there is a session, hello() is the first frame, onFrame(frame), onChange("opening" | "open" | "closed"). */
  constructor(calls) {
    this.#calls = calls;
    addEventListener("online", () => this.reset());
    addEventListener("offline", () => this.#fall());
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  get isOpen() {
    return this.#isOpen;
  }

  /** Opens now, dropping what was there. */
  reset() {
    if (this.#stopped) return;
    this.#tries = 0;
    this.#drop();
    this.#open();
  }

  /** Closes for good. */
  stop() {
    this.#stopped = true;
    this.#drop();
  }

  /** Sends a frame; false when there is no line. */
  send(frame) {
    if (!this.#isOpen || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  async #open() {
    const attempt = ++this.#attempt;
    this.#calls.onChange("opening");
    try {
      await this.#calls.enter();
    } catch {
      if (attempt === this.#attempt) this.#fall();
      return;
    }
    if (attempt !== this.#attempt || this.#stopped) return;
    const address = new URL("/chat/ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#after("opening", OPENING, () => this.#fall());
    socket.onopen = () => socket === this.#socket && socket.send(JSON.stringify(this.#calls.hello()));
    socket.onclose = () => socket === this.#socket && this.#fall();
    socket.onmessage = (event) => socket === this.#socket && this.#take(event.data);
  }

  #take(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (!this.#isOpen && frame.type !== "error") {
      this.#isOpen = true;
      clearTimeout(this.#timers.opening);
      this.#after("steady", STEADY, () => (this.#tries = 0));
      this.#calls.onChange("open");
    }
    this.#calls.onFrame(frame);
  }

  /** The line is gone: try again after a wait that doubles, with chance in it. */
  #fall() {
    if (this.#stopped) return;
    this.#drop();
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#tries++);
    this.#after("again", longest / 2 + (Math.random() * longest) / 2, () => this.#open());
    this.#calls.onChange("closed");
  }

  #drop() {
    this.#attempt++;
    this.#isOpen = false;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) socket.close();
  }

  #wake() {
    if (document.hidden) {
      this.#hiddenAt = Date.now();
    } else if (!this.#isOpen || (this.#hiddenAt && Date.now() - this.#hiddenAt > ASLEEP)) {
      this.reset();
    }
  }

  #after(name, wait, run) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(run, wait);
  }
}
