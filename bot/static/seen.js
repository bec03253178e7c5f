// Tells which message the person has really had before their eyes: on the screen, in a visible page. What stands above it counts too.

export class Seen {
  #tell;
  #observer;
  #waiting = []; // messages in order: {id, element, inView}

  /** `tell(id)`: messages up to this one have been shown. */
  constructor(root, tell) {
    this.#tell = tell;
    const options = { root, threshold: [0, 0.25, 0.5, 0.75, 1] };
    this.#observer = new IntersectionObserver((entries) => this.#look(entries), options);
    document.addEventListener("visibilitychange", () => this.#settle());
  }

  /** How many messages have not been seen yet. */
  get count() {
    return this.#waiting.length;
  }

  /** Watches a message that has not been seen yet. */
  watch(id, element) {
    this.#waiting.push({ id, element, inView: false });
    this.#observer.observe(element);
  }

  /** Forgets all. */
  clear() {
    this.#observer.disconnect();
    this.#waiting = [];
  }

  #look(entries) {
    for (const entry of entries) {
      const found = this.#waiting.find((one) => one.element === entry.target);
      if (!found) continue;
      const screen = entry.rootBounds ? entry.rootBounds.height : innerHeight;
      const height = entry.intersectionRect.height;
      found.inView = height > 0 && (entry.intersectionRatio >= 0.5 || height >= screen * 0.4);
    }
    this.#settle();
  }

  #settle() {
    if (document.hidden) return;
    const last = this.#waiting.map((one) => one.inView).lastIndexOf(true);
    if (last < 0) return;
    const shown = this.#waiting.splice(0, last + 1);
    for (const { element } of shown) this.#observer.unobserve(element);
    this.#tell(shown[last].id);
  }
}
