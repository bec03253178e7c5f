// A session's list: one tap marks a person without leaving the page; what came of it is fetched at once.

import { refresh } from "./live.js";
import { post } from "./post.js";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-sheet]")) return;
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  if (event.submitter?.name) fields[event.submitter.name] = event.submitter.value;
  try {
    const answer = await post(form.action, fields);
    if (answer.status !== 204) return location.reload();
    refresh(new Set(["diary"]));
  } catch {
    HTMLFormElement.prototype.submit.call(withField(form, event.submitter)); // the browser says that the line is lost
  }
});

function withField(form, button) {
  if (button?.name) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: button.name, value: button.value });
    form.append(field);
  }
  return form;
}
