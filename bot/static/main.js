// The chat: joins the transcript, the line to the server and the screen.

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Device } from "./device.js";
import { byId } from "./dom.js";
import { startFrame, tellParent } from "./frame.js";
import { startLeave } from "./leave.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import { Seen } from "./seen.js";
import { enter, takeLink, tellLeft } from "./session.js";
import { Status } from "./status.js";
import { TURN_LASTS, Transcript, isDanger } from "./transcript.js";
import { hasWord, loadWords, word } from "./words.js";

const TYPING_LASTS = 6000;

const device = new Device();
const transcript = new Transcript(device);
takeLink(transcript);

const status = new Status();
const log = new Log({ choose, retry: (line) => outbox.retry(line), edit });
const seen = new Seen(byId("log"), tellSeen);
const composer = new Composer({
  send: (text) => say(text),
  typing: () => connection.send({ type: "typing" }),
  draft: (text) => transcript.set("draft", text),
  over: (text) => status.alarm(text),
});
const connection = new Connection({ enter: () => enter(transcript), hello, onFrame, onChange });
const outbox = new Outbox(transcript, connection, (line) => {
  log.refresh(line);
  if (line.state === "failed") status.alarm(`${word("failed")} ${line.why.text}`);
});

startLeave(() => {
  tellLeft(transcript.get("token"));
  device.clear(true);
  connection.stop();
});
start();

async function start() {
  await loadWords();
  document.body.dataset.ready = "true";
  showOwner(transcript.get("owner"), true);
  log.fill(transcript.lines);
  watchUnseen();
  if (!composer.text) composer.put(transcript.get("draft"));
  byId("person").onclick = askForPerson;
  startFrame({ onOpen: takeFocus, onClose: () => showUnread(seen.count) });
  document.addEventListener("visibilitychange", () => (document.hidden ? countUnread() : showUnread(0)));
  setInterval(() => !document.hidden && transcript.keep(), 60000);
  followKeyboard();
  connection.reset();
}

function hello() {
  const last = transcript.lastId();
  return { type: "hello", token: transcript.get("token"), ...(last && { last_seen: last }) };
}

const FRAMES = {
  accepted: ({ id }) => outbox.accepted(id),
  message: onMessage,
  turn: ({ id }) => {
    const line = transcript.mark(id, "answered");
    if (line) log.refresh(line);
    if (!transcript.isBusy()) log.hideTyping();
  },
  owner: ({ owner }) => showOwner(owner),
  typing: () => log.showTyping(word(transcript.get("owner") === "worker" ? "from_worker" : "from_assistant"), TYPING_LASTS),
  error: onError,
};

function onFrame(frame) {
  const take = FRAMES[frame.type];
  if (take) take(frame);
  showTurn();
}

function onChange(state) {
  document.body.dataset.line = state;
  status.showLine(state, () => connection.reset());
  if (state !== "open") {
    log.hideTyping();
    outbox.fell();
    return;
  }
  outbox.flush();
  if (transcript.get("seen")) connection.send({ type: "seen", id: transcript.get("seen") });
  showTurn();
}

function onMessage(frame) {
  const line = transcript.addMessage(frame);
  if (!line) return;
  if (!transcript.isBusy() || line.from === "worker") log.hideTyping();
  const element = log.add(line);
  seen.watch(line.id, element);
  if (isDanger(line)) status.alarm(word("danger"));
  countUnread();
}

function takeFocus() {
  const start = matchMedia("(pointer: coarse)").matches ? byId("log") : byId("say");
  start.focus({ preventScroll: true });
}

/** While nobody can see the chat, what has not been seen is new. */
function countUnread() {
  if (document.hidden || !byId("log").clientHeight) showUnread(seen.count);
}

function onError({ code, text, id }) {
  if (code === "unknown_session") {
    endSession();
    return;
  }
  const why = text || (hasWord(`error_${code}`) ? word(`error_${code}`) : word("error_unavailable"));
  if (!id || !outbox.refused(id, why, code)) status.alarm(why, true);
}

/** The server has no such conversation: nothing of it stays here, but what was not sent goes back into the box. */
function endSession() {
  const draft = [transcript.get("draft"), ...transcript.unsent().filter(({ via }) => via === "say").map(({ text }) => text)];
  outbox.clear();
  transcript.reset();
  seen.clear();
  log.fill([]);
  composer.clear();
  composer.put(draft.filter(Boolean).join("\n"));
  status.alarm(word("ended"), true);
  connection.reset();
}

function say(text) {
  send({ via: "say", text });
}

function choose(line, { title, payload }) {
  // The second tap of a double tap finds no button any more; this is for a line that was kept.
  if (!line.buttons.length) return;
  line.buttons = [];
  send({ via: "choose", text: title, payload }).focus({ preventScroll: true });
  log.refresh(line);
}

function send(content) {
  const withButtons = transcript.lines.filter((one) => one.kind === "message" && one.buttons.length && !isDanger(one));
  const line = transcript.addOwn(content);
  withButtons.forEach((one) => log.refresh(one));
  const element = log.add(line);
  outbox.flush();
  return element;
}

function edit(line) {
  transcript.remove(line.id);
  log.remove(line.id);
  composer.put(line.text);
  composer.focus();
}

function askForPerson() {
  if (transcript.get("owner") === "worker") {
    status.alarm(word("person_already"), true);
    return;
  }
  const said = word("person_said");
  if ([...transcript.unsent(), ...transcript.lines.filter(({ state }) => state === "sent")].some(({ text }) => text === said)) return;
  send({ via: "say", text: said }).focus({ preventScroll: true });
}

function tellSeen(id) {
  transcript.set("seen", id);
  showUnread(0);
  connection.send({ type: "seen", id });
}

/** After a reload: what had come but was never looked at is still to be seen. */
function watchUnseen() {
  const messages = transcript.lines.filter(({ kind }) => kind === "message");
  const last = messages.findIndex(({ id }) => id === transcript.get("seen"));
  for (const { id } of messages.slice(last + 1)) seen.watch(id, log.element(id));
}

function showOwner(owner, quiet = false) {
  const changed = owner !== transcript.get("owner");
  if (changed) transcript.set("owner", owner);
  document.body.dataset.owner = owner;
  byId("owner").textContent = word(`owner_${owner}`);
  status.showOwner(owner, changed && !quiet);
}

function showTurn() {
  const working = transcript.isBusy() && transcript.get("owner") !== "worker" && connection.isOpen;
  if (working && byId("typing").hidden) log.showTyping(word("from_assistant"), TURN_LASTS);
}

function showUnread(count) {
  document.title = count ? `(${count}) ${word("page_title")}` : word("page_title");
  tellParent("unread", count);
}

/** A phone's keyboard takes room from the page without telling the layout (iOS); the page takes what is left. */
function followKeyboard() {
  if (!window.visualViewport) return;
  visualViewport.addEventListener("resize", () => {
    if (visualViewport.scale > 1.01) return; // zoomed in by hand: leave it alone
    document.documentElement.style.setProperty("--tall", `${Math.round(visualViewport.height)}px`);
    scrollTo(0, 0); // iOS has pushed the page up to show the message box, which is in sight anyway now
    log.settle();
  });
}
