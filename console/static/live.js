// Keeps pages up to date: waits for the server to name a topic that has changed, and fetches what shows it.
//
//   <section id="queue" data-live="waiting">                        from this page's own address
//   <section id="talk" data-live="conversation:4f… mine" data-fragment="/console/…">
//
// Scripts of a page: onChange("waiting", work), onSwap("queue", work); each returns a function that ends it.

import { morph, parse } from "./morph.js";

const listeners = new Map(); // topic -> functions
const swapped = new Map(); // element's id -> functions
const fetching = new Map(); // address -> ids of what changed while it was fetched
const BACKGROUND = "data-live-background"; // on <body>: goes on while nobody looks, for sounds and notices
let source = null;
let lost = null;

/** Calls `work(topic)` whenever the topic has changed, and once when the line opens. */
export function onChange(topic, work) {
  return add(listeners, topic, work, connect);
}

/** Calls `work(element)` after the element with this id was renewed. */
export function onSwap(id, work) {
  return add(swapped, id, work);
}

/** Fetches what shows these topics, now. */
export function refresh(topics = null) {
  const wanted = new Map();
  for (const element of document.querySelectorAll("[data-live]")) {
    const own = topicsOf(element);
    if (!element.id || (topics && !own.some((topic) => topics.has(topic)))) continue;
    const from = element.dataset.fragment || location.href;
    wanted.set(from, [...(wanted.get(from) ?? []), element.id]);
  }
  for (const [from, ids] of wanted) renew(from, ids);
}

function add(map, key, work, after = () => {}) {
  map.set(key, (map.get(key) ?? new Set()).add(work));
  after();
  return () => map.get(key).delete(work);
}

function topicsOf(element) {
  return element.dataset.live.split(/\s+/).filter(Boolean);
}

function allTopics() {
  const shown = [...document.querySelectorAll("[data-live]")].flatMap(topicsOf);
  return [...new Set([...shown, ...listeners.keys()])].sort();
}

/** One fetch of an address at a time: what changes meanwhile is fetched once more, not once for each change. */
async function renew(from, ids) {
  const waiting = fetching.get(from);
  if (waiting) return void ids.forEach((id) => waiting.add(id));
  fetching.set(from, new Set());
  try {
    const answer = await fetch(from, { headers: { "X-Live": "1" }, cache: "no-store" });
    if (answer.status === 401) return ended();
    if (!answer.ok) return;
    const fresh = parse(await answer.text());
    for (const id of ids) swap(id, fresh.getElementById(id));
  } catch {
    // The line says by itself that it is lost, and everything is fetched when it is back.
  } finally {
    const again = [...fetching.get(from)];
    fetching.delete(from);
    if (again.length) renew(from, again);
  }
}

function swap(id, fresh) {
  const old = document.getElementById(id);
  if (!old || !fresh) return;
  morph(old, fresh);
  for (const work of swapped.get(id) ?? []) work(old);
}

function connect() {
  const topics = allTopics();
  const address = `/console/live?${new URLSearchParams(topics.map((topic) => ["topic", topic]))}`;
  if (source?.url === new URL(address, location.href).href && source.readyState !== EventSource.CLOSED) return;
  disconnect();
  if (!topics.length) return;
  source = new EventSource(address);
  source.addEventListener("open", () => show(null));
  source.addEventListener("changed", (event) => tell(new Set([event.data])));
  source.addEventListener("ended", ended);
  source.addEventListener("error", () => {
    clearTimeout(lost);
    lost = setTimeout(() => show("broken"), 4000); // a line that comes back at once is no news
    if (source?.readyState === EventSource.CLOSED) setTimeout(whyClosed, 2000);
  });
}

/** A browser does not come back by itself after an answer that is no stream: signed out, or the server is starting. */
async function whyClosed() {
  try {
    const answer = await fetch("/console/account", { method: "HEAD", headers: { "X-Live": "1" } });
    if (answer.status === 401) return ended();
  } catch {
    // not there yet
  }
  connect();
}

function tell(topics) {
  refresh(topics);
  for (const topic of topics) for (const work of listeners.get(topic) ?? []) work(topic);
}

function disconnect() {
  source?.close();
  source = null;
}

function ended() {
  disconnect();
  show("ended");
}

function show(what) {
  clearTimeout(lost);
  const line = document.getElementById("line");
  if (!line) return;
  line.hidden = !what;
  for (const each of line.children) each.hidden = !each.classList.contains(`line-${what}`);
}

// A browser opens only a few lines to one place: what nobody looks at gives its line back.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) connect();
  else if (!document.body.hasAttribute(BACKGROUND)) disconnect();
});
addEventListener("pagehide", disconnect);
addEventListener("pageshow", (event) => event.persisted && connect());
connect();
