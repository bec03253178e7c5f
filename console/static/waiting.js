// Waiting: tells by a sound, a desktop notice and the title that somebody new waits, for whoever has switched that on.

import { onSwap } from "./live.js";

const queue = document.getElementById("queue");
const bell = document.getElementById("bell");
const sound = document.getElementById("bell-sound");
const notice = document.getElementById("bell-notice");
const problem = document.getElementById("bell-problem");
const title = document.title;
let known = ids();
let audio = null;

function ids() {
  return new Set([...queue.querySelectorAll("li[id]")].map((row) => row.id));
}

function kept(name) {
  try {
    return localStorage.getItem(`console.${name}`) === "on";
  } catch {
    return false;
  }
}

function keep(name, box) {
  try {
    localStorage.setItem(`console.${name}`, box.checked ? "on" : "off");
  } catch {
    // it holds until the page is left
  }
  stayAwake();
}

/** A page that is to ring listens on while nobody looks at it. */
function stayAwake() {
  document.body.toggleAttribute("data-live-background", sound.checked || notice.checked);
}

function count() {
  const waiting = known.size;
  document.title = waiting ? `(${waiting}) ${title}` : title;
}

/** Two soft notes; three, quicker, for danger. */
function ring(danger) {
  audio ??= new AudioContext();
  audio.resume();
  for (const [at, pitch] of danger ? [[0, 880], [0.2, 880], [0.4, 880]] : [[0, 660], [0.22, 880]]) {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, audio.currentTime + at);
    loud.gain.exponentialRampToValueAtTime(0.2, audio.currentTime + at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.18);
    tone.connect(loud).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.2);
  }
}

onSwap("queue", () => {
  const now = ids();
  const fresh = [...now].filter((id) => !known.has(id));
  known = now;
  count();
  if (!fresh.length) return;
  const danger = fresh.some((id) => document.getElementById(id).classList.contains("danger"));
  const words = document.getElementById(fresh[0]).querySelector(".badge").textContent.trim();
  document.getElementById("news").textContent = `${words}. ${now.size} waiting.`;
  if (sound.checked) ring(danger);
  // No name and no words of theirs: it shows on a screen that others may see.
  if (notice.checked && window.Notification?.permission === "granted") new Notification("Somebody is waiting", { body: words, tag: "waiting" });
});

notice.addEventListener("change", async () => {
  problem.textContent = "";
  if (notice.checked && (await window.Notification?.requestPermission()) !== "granted") {
    notice.checked = false;
    problem.textContent = "Your browser does not allow notices from this page.";
  }
  keep("notice", notice);
});
sound.addEventListener("change", () => {
  if (sound.checked) ring(false); // so that one hears what it will be
  keep("sound", sound);
});

sound.checked = kept("sound");
notice.checked = kept("notice") && window.Notification?.permission === "granted";
bell.hidden = false;
stayAwake();
count();
