// When the page stands in another site's page (embed.js): opening, closing and leaving are told to that page. Nothing else ever is.

import { byId } from "./dom.js";

export const isFramed = window.parent !== window && new URLSearchParams(location.search).has("embedded");

/** Tells the page around us `event`: "close", "leave" with an address, or "unread" with a count. */
export function tellParent(event, detail = null) {
  if (isFramed) parent.postMessage({ chat: event, detail }, "*");
}

/** Shows the button that closes the frame, lets Escape do the same, and runs `onOpen` and `onClose` each time that the frame opens and has closed. */
export function startFrame({ onOpen, onClose }) {
  if (!isFramed) return;
  document.body.dataset.framed = "true";
  const close = byId("close");
  close.hidden = false;
  close.onclick = () => tellParent("close");
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) tellParent("close");
  });
  addEventListener("message", (event) => {
    if (event.source !== parent || !event.data) return;
    if (event.data.chat === "open") onOpen();
    if (event.data.chat === "closed") onClose();
  });
  tellParent("ready");
}
