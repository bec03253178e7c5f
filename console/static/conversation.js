// A conversation: sends without leaving the page, keeps drafts, shows that one types, and says when it is lost.

import { onSwap, refresh } from "./live.js";
import { parse } from "./morph.js";
import { post } from "./post.js";

const DRAFT_EVERY = 2000;
const TYPING_EVERY = 3000;
const form = document.getElementById("reply");
const field = document.getElementById("reply-text");
const scroller = document.getElementById("scroller");
const state = document.getElementById("state");
const at = state.dataset.url;
let saved = field?.defaultValue ?? ""; // as the page came: what was typed before this script did is no saved draft
let typedAt = 0;
let sending = null; // the id of what is being sent: the same one when it is tried again
let nearEnd = true;
let owned = state.dataset.mine === "yes";

function isMine() {
  return state.dataset.mine === "yes";
}

/** The words in a page of ours that says what went wrong. */
async function wordsOf(answer) {
  return parse(await answer.text()).body.textContent.trim();
}

function say(id, words) {
  const place = document.getElementById(id);
  place.textContent = words;
  place.hidden = !words;
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Reading: the newest is in sight, unless one has scrolled back.

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

scroller.addEventListener("scroll", () => {
  nearEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
});
onSwap("transcript", () => nearEnd && toEnd());
onSwap("typing", () => nearEnd && toEnd());
toEnd();

// Losing it to somebody else, or to the queue, is said at once; what was written stays.

onSwap("state", () => {
  const lost = document.getElementById("lost");
  if (isMine()) lost.hidden = true;
  else if (owned) {
    const who = state.dataset.owner;
    lost.querySelector(".lost-name").textContent = who;
    lost.querySelector(".lost-words").hidden = !who;
    lost.querySelector(".lost-queue").hidden = Boolean(who);
    lost.hidden = false;
  }
  owned = isMine();
});

// Writing.

async function send() {
  const text = field.value;
  if (!isMine() || !text.trim() || sending?.going) return;
  sending = { id: sending?.text === text ? sending.id : newId(), text, going: true };
  say("reply-problem", "");
  try {
    const answer = await post(`${at}/reply`, { text, client_id: sending.id });
    if (answer.ok) {
      sending = null;
      typedAt = 0; // what is typed next is shown at once
      if (field.value === text) field.value = "";
      saved = field.value;
      say("draft-state", "");
      nearEnd = true;
    } else {
      sending.going = false;
      say("reply-problem", answer.status === 409 ? await wordsOf(answer) : "It could not be sent. Please try again.");
    }
    refresh();
  } catch {
    sending.going = false;
    say("reply-problem", "There is no connection. It is still here: please try again.");
  }
  field.focus();
}

async function saveDraft() {
  if (field.value === saved || field.readOnly || sending?.going) return;
  const text = field.value;
  try {
    const answer = await post(`${at}/draft`, { text });
    if (!answer.ok) return;
    saved = text;
    say("draft-state", text ? "Draft kept" : "");
  } catch {
    // the next one may get through
  }
}

function typing() {
  say("draft-state", "");
  if (!isMine() || Date.now() - typedAt < TYPING_EVERY) return;
  typedAt = Date.now();
  post(`${at}/typing`).catch(() => {});
}

/** Puts a ready-made reply where the cursor is. */
function insert(text) {
  const before = field.value.slice(0, field.selectionStart);
  field.setRangeText((before && !/\s$/.test(before) ? "\n" : "") + text, field.selectionStart, field.selectionEnd, "end");
  document.getElementById("canned").open = false;
  field.focus();
  typing();
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    }
  });
  field.addEventListener("input", typing);
  setInterval(saveDraft, DRAFT_EVERY);
  addEventListener("pagehide", () => {
    if (field.value === saved || field.readOnly) return;
    const csrf = document.querySelector('meta[name="csrf"]').content;
    const body = new URLSearchParams({ text: field.value });
    fetch(`${at}/draft`, { method: "POST", body, headers: { "X-CSRF": csrf }, keepalive: true });
  });
}

// Notes go their own way, by a form and an address of their own.

document.getElementById("note")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const note = document.getElementById("note-text");
  const text = note.value;
  try {
    const answer = await post(`${at}/note`, { note: text });
    say("note-problem", answer.ok ? "" : await wordsOf(answer));
    if (answer.ok && note.value === text) note.value = "";
    refresh();
  } catch {
    say("note-problem", "There is no connection. It is still here: please try again.");
  }
  note.focus();
});

// Hidden words, reasons and corrections, without leaving the page.

const why = document.getElementById("why-dialog");

document.addEventListener("submit", async (event) => {
  const asked = event.target;
  if (asked.matches("[data-hidden]")) {
    event.preventDefault();
    const shown = parse(await (await post(asked.action)).text()).getElementById("hidden-text");
    if (!shown) return;
    const line = asked.closest("li");
    const words = document.createElement("p");
    words.className = "bubble";
    words.tabIndex = -1;
    words.textContent = shown.textContent;
    asked.replaceWith(words);
    line.setAttribute("data-keep", ""); // else it would be hidden again with the next message
    words.focus();
  } else if (asked.matches("[data-correct]")) {
    event.preventDefault();
    const answer = await post(asked.action, new FormData(asked));
    const told = document.createElement("p");
    told.className = `notice ${answer.ok ? "good" : "bad"}`;
    told.setAttribute("role", "status");
    told.textContent = await wordsOf(answer);
    document.getElementById("why-body").replaceChildren(told);
    document.getElementById("why-done").focus();
  }
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-why], a[data-canned]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.dataset.canned !== undefined) return insert(link.dataset.canned);
  const answer = await fetch(link.href, { headers: { "X-Live": "1" } });
  const found = parse(await answer.text()).getElementById("why");
  if (!answer.ok || !found) return location.assign(link.href);
  found.querySelector(".why-back")?.remove();
  found.classList.remove("card", "narrow");
  document.getElementById("why-body").replaceChildren(document.importNode(found, true));
  why.showModal();
});
document.getElementById("why-done").addEventListener("click", () => why.close());
