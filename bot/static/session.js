// Opens a conversation on the server, with the personal link when the page was opened by one.

const PATIENCE = 10000;

/** Takes the link's token out of the address, so that neither the history nor a glance shows it. A link begins a conversation of its own. */
export function takeLink(transcript) {
  const found = /^\/r\/([^/]+)\/?$/.exec(location.pathname);
  if (!found) return;
  transcript.reset();
  transcript.set("link", found[1].slice(0, 200));
  history.replaceState(null, "", `/${location.search}`);
}

/** Makes sure that there is a session; throws when there cannot be one now. */
export async function enter(transcript) {
  if (transcript.get("token")) return;
  const link = transcript.get("link");
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const answer = await fetch("/chat/sessions", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(link ? { link } : {}),
      cache: "no-store",
      signal: patience.signal,
    });
    // A link that the server will not even read must not keep the person out.
    if (link && [400, 404, 410, 422].includes(answer.status)) transcript.set("link", null);
    if (!answer.ok) throw new Error(String(answer.status));
    const { token } = await answer.json();
    transcript.set("link", null);
    transcript.set("token", token);
  } finally {
    clearTimeout(timer);
  }
}

/** Tells the server that the person has left: it closes the conversation, so that its token opens nothing any more. */
export function tellLeft(token) {
  if (!token || !navigator.sendBeacon) return;
  navigator.sendBeacon("/chat/leave", new Blob([JSON.stringify({ token })], { type: "application/json" }));
}
