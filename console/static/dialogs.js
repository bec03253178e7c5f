// Makes a <details data-dialog> (parts.html, ask_first) a real dialog, and closes menus as one expects.

document.addEventListener("click", (event) => {
  const summary = event.target.closest("[data-dialog] > summary");
  if (summary) {
    event.preventDefault();
    ask(summary);
  }
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

/** Shows a copy of what stands in the details; it goes when it is closed, and the focus returns to the button. */
function ask(summary) {
  const body = summary.parentElement.querySelector(".ask-body");
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("data-keep", "");
  const inside = body.cloneNode(true);
  const title = inside.querySelector("h2");
  title.id = `${title.id}-shown`;
  inside.removeAttribute("role");
  inside.removeAttribute("aria-labelledby");
  for (const label of inside.querySelectorAll("label[for]")) label.htmlFor = `${label.htmlFor}-shown`;
  for (const field of inside.querySelectorAll("input[id], select[id], textarea[id]")) field.id = `${field.id}-shown`;
  dialog.setAttribute("aria-labelledby", title.id);
  const close = inside.querySelector("[data-close]");
  close.hidden = false;
  close.addEventListener("click", () => dialog.close());
  dialog.append(inside);
  dialog.addEventListener("close", () => {
    dialog.remove();
    summary.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
  });
}
