// What happened, the newest first, in words; and what lies ahead of the person whose phone is looked at.

import { byId, fill, make, put, when, words } from "./words.js";

const MOST = 60;
let shown = "";

/** Whether there is news. */
export function showStory(happened) {
  const now = JSON.stringify(happened);
  if (now === shown) return false;
  shown = now;
  byId("happened-empty").hidden = happened.length > 0;
  byId("happened").replaceChildren(...happened.slice(0, MOST).map(line));
  return true;
}

function line(each) {
  const values = {
    ...each,
    starts: each.starts && when(each.starts),
    step: words.steps[each.step] ?? each.step,
    outcome: fill(words.outcomes[each.state] ?? "", { way: words.ways[each.way] }),
  };
  const text = words.happened[each.code] ? fill(words.happened[each.code], values) : each.code;
  return make("li", { "data-code": each.code, "data-channel": each.channel ?? "" },
    make("time", { dateTime: each.at }, when(each.at)), make("span", {}, text));
}

/** The lines under the time's buttons, and which of those lead anywhere. */
export function showAhead(person) {
  const { step, due, over } = person.ahead;
  const what = words.steps[step] ?? step;
  put(byId("next"), step ? fill(words.time.next, { what, when: when(due) }) : fill(words.time.no_next, { who: person.name }));
  const { place, name } = person;
  put(byId("place"), place ? fill(words.time.over, { who: name, when: when(place.starts), place: place.place }) : fill(words.time.no_place, { who: name }));
  byId("do-next").disabled = !step;
  byId("do-over").disabled = !over;
  byId("do-list").disabled = !place;
  byId("go-list").disabled = !place;
}
