// The stage: looks at the assistant every second and shows it; its buttons move time, play a person, and open pages.

import { play, telegramPhone, WebPhone } from "./play.js";
import { showAhead, showStory } from "./story.js";
import { startTelegram } from "./telegram.js";
import { showTrouble, startTrouble } from "./trouble.js";
import { byId, clock, day, fill, order, put, rest, words } from "./words.js";

const EVERY = 1000;
const HOUR = 3600000;
const app = document.body.dataset.app;
const chat = byId("chat");
const desk = byId("console");
const web = new WebPhone(chat, app);
let people = [];
let channel = "web";
let desktop = "/console/sessions";
let started = false;
let playing = false;

const person = () => people.find((each) => each.channel === channel);

startTelegram();
startTrouble((session) => bring(`/console/sessions/${session}`));
look();

async function look() {
  try {
    show(await (await fetch("/state")).json());
  } catch {
    for (const part of document.querySelectorAll("[data-part]")) showPart(part, false);
  }
  setTimeout(look, EVERY);
}

function show(state) {
  for (const part of document.querySelectorAll("[data-part]")) showPart(part, state.parts[part.dataset.part]);
  const ahead = new Date(state.now) - Date.now();
  put(byId("day"), day(state.now));
  put(byId("clock"), clock(state.now));
  for (const bar of document.querySelectorAll(".bar time")) put(bar, clock(state.now));
  put(byId("ahead"), [ahead < HOUR / 4 ? words.time.real : fill(words.time.days, { days: length(ahead) }), state.quiet ? words.time.quiet : ""].filter(Boolean).join(" · "));
  showTrouble(state.trouble);
  if (!state.people) return;
  people = state.people;
  if (showStory(state.happened) && started) lookAtPhone();
  showAhead(person());
  if (!started && Object.values(state.parts).every(Boolean)) start();
}

/** What has just come is looked at: nobody who hears their phone keeps reading the message before. */
async function lookAtPhone() {
  for (let times = 0; times < 3; times++) {
    await rest(EVERY);
    await web.latest().catch(() => null);
  }
}

function showPart(part, up) {
  part.dataset.up = String(Boolean(up));
  put(part.querySelector(".unseen"), up ? words.parts.up : words.parts.down);
}

function length(milliseconds) {
  const hours = Math.round(milliseconds / HOUR);
  if (hours < 24) return fill(words.time.hours, { n: hours });
  const days = Math.round(hours / 24);
  return days === 1 ? words.time.day : fill(words.time.many, { n: days });
}

/** Every part answers for the first time: the phone and the console are opened. */
function start() {
  started = true;
  document.body.dataset.started = "true";
  chat.src = `${app}/demo/phone`;
  open(desktop);
}

/** Shows a page of the console, signed in as whoever was chosen: after a jump of days nobody is signed in any more. */
function open(path) {
  desktop = path;
  desk.src = `${app}/demo/console?as=${byId("role").value}&next=${encodeURIComponent(path)}`;
}

/** The same, with the console brought into view: what was pressed may stand far below it. */
function bring(path) {
  open(path);
  desk.scrollIntoView({ block: "nearest" });
}

const list = () => person().place && `/console/sessions/${person().place.session}#line-${person().place.booking}`;

byId("role").onchange = () => open(desktop);
byId("go-person").onclick = () => open(`/console/referrals/${person().id}`);
byId("go-list").onclick = byId("do-list").onclick = () => list() && bring(list());
byId("go-attention").onclick = () => open("/console/attention");
byId("go-reports").onclick = () => ((byId("role").value = "manager"), open("/console/reports"));
byId("fresh").onclick = () => (chat.src = `${app}/demo/phone`);

for (const [id, how] of [["do-next", "next"], ["do-day", "one_day"], ["do-days", "three_days"], ["do-over", "over"]]) {
  byId(id).onclick = async () => {
    put(byId("doing"), words.time.jumping);
    byId("phone").scrollIntoView({ block: "nearest" });
    await order("jump", { how, who: channel });
    put(byId("doing"), "");
    open(how === "over" ? list() : desktop);
  };
}

for (const [id, name] of [["do-book", "book"], ["do-missed", "missed"]]) {
  byId(id).onclick = async () => {
    if (playing) return;
    setPlaying(true);
    byId("phone").scrollIntoView({ block: "nearest" });
    const done = await play(channel === "web" ? web : telegramPhone, name, person()).catch(() => false);
    setPlaying(false);
    put(byId("doing"), done ? "" : words.play.stopped);
  };
}

function setPlaying(now) {
  playing = now;
  byId("do-book").disabled = byId("do-missed").disabled = now;
  put(byId("doing"), now ? words.play.going : "");
}

// The two phones, as tabs: arrows move between them.
const tabs = [...document.querySelectorAll("[role=tab]")];
function choose(tab) {
  channel = tab.dataset.channel;
  for (const each of tabs) {
    const here = each === tab;
    each.setAttribute("aria-selected", String(here));
    each.tabIndex = here ? 0 : -1;
    byId(each.getAttribute("aria-controls")).hidden = !here;
  }
  if (person()) showAhead(person());
}
for (const tab of tabs) {
  tab.onclick = () => choose(tab);
  tab.onkeydown = (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length];
    choose(other);
    other.focus();
  };
}
