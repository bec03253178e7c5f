// Keys: a list of them under ?, single keys that can be switched off (they would be in the way of speech input).

const STORE = "console.keys";
const dialog = document.getElementById("keys");
const button = document.getElementById("keys-button");
const toggle = document.getElementById("keys-on");
const PLACES = { w: "/console/waiting", m: "/console/mine", a: "/console/all" };
const FIELDS = { r: "reply-text", n: "note-text" };

function isOn() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

function open() {
  if (!dialog.open) dialog.showModal();
}

function isWriting(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

button.hidden = false;
toggle.checked = isOn();
button.addEventListener("click", open);
document.getElementById("keys-done").addEventListener("click", () => dialog.close());
toggle.addEventListener("change", () => {
  try {
    localStorage.setItem(STORE, toggle.checked ? "on" : "off");
  } catch {
    // it holds until the page is left
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape" && isWriting(event.target) && !event.target.closest("dialog")) return event.target.blur();
  if (!toggle.checked || isWriting(event.target) || event.target.closest("dialog")) return;
  if (event.key === "?") open();
  else if (PLACES[event.key]) location.assign(PLACES[event.key]);
  else if (FIELDS[event.key]) document.getElementById(FIELDS[event.key])?.focus();
  else if (event.key === "c") canned();
  else return;
  event.preventDefault();
});

function canned() {
  const list = document.getElementById("canned");
  if (!list) return;
  list.open = true;
  list.querySelector("a")?.focus();
}
