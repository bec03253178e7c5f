// "Leave this page": one tap clears the device and the screen, and puts a harmless page in this one's place in the history.

import { byId } from "./dom.js";
import { isFramed, tellParent } from "./frame.js";
import { stopSpeech } from "./speech.js";

const PATIENCE = 400; // for the page around us to go away, before the frame goes by itself

/** `forget()` closes the line and clears what is kept. */
export function startLeave(forget) {
  const link = byId("leave");
  link.addEventListener("click", (event) => {
    event.preventDefault();
    document.body.hidden = true;
    stopSpeech();
    forget();
    byId("lines").replaceChildren();
    byId("say").value = "";
    tellParent("leave", link.href);
    if (isFramed) setTimeout(() => location.replace(link.href), PATIENCE);
    else location.replace(link.href);
  });
  // "Back" must not find the page as it was left.
  addEventListener("pageshow", (event) => event.persisted && document.body.hidden && location.reload());
  addEventListener("pagehide", stopSpeech);
}
