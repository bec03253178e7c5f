// While this page is open its worker is there: a sign of life each 20 seconds.

import { post } from "./post.js";

const EVERY = 20_000;

async function beat() {
  const state = document.getElementById("state");
  const mine = state?.dataset.mine === "yes";
  try {
    await post(mine ? `${state.dataset.url}/beat` : "/console/shift/beat");
  } catch {
    // the next one may get through
  }
}

setInterval(beat, EVERY);
document.addEventListener("visibilitychange", () => document.hidden || beat());
beat();
