// Between the stage and the real chat page: the stage asks what is on it, and has things typed and tapped, as a person would.

const stage = document.body.dataset.stage;
const frame = document.getElementById("chat");
const page = () => frame.contentDocument;

const WORK = {
  /** What the assistant said after the person's last line, the buttons that can be tapped, and whether it is answering. */
  look() {
    const lines = [...page().querySelectorAll(".line")];
    const last = lines.findLastIndex((line) => line.matches(".own"));
    return {
      ready: page().body.dataset.line === "open" && lines.length > 0,
      lines: lines.length,
      said: lines.slice(last + 1).map((line) => line.innerText),
      buttons: [...page().querySelectorAll(".choices button")].map((button) => button.innerText.trim()),
      busy: Boolean(page().querySelector(".own:not([data-state='answered'])")),
    };
  },
  say({ text }) {
    const field = page().getElementById("say");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    page().getElementById("composer").requestSubmit();
  },
  tap({ title }) {
    const found = [...page().querySelectorAll(".choices button")].filter((button) => button.innerText.trim() === title);
    found.at(-1)?.click();
  },
  /** To the newest message, as somebody does who looks at their phone because it rang; the focus stays where it is. */
  latest() {
    const log = page().getElementById("log");
    log.scrollTo(0, log.scrollHeight);
  },
};

addEventListener("message", (event) => {
  if (event.origin !== stage || event.source !== parent || !(event.data?.work in WORK)) return;
  parent.postMessage({ id: event.data.id, told: WORK[event.data.work](event.data) }, stage);
});
frame.addEventListener("load", () => parent.postMessage({ loaded: true }, stage));
