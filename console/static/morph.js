// Makes one element like another without throwing it away: focus, what is being typed, open <details>, an open
// <dialog> and scrolling stay as they are. Children are matched by id, else by place and kind.

const policy = window.trustedTypes?.createPolicy("console", { createHTML: (html) => html });

/** A document from the HTML of our own server. Scripts in it do not run. */
export function parse(html) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
}

/** Makes `old` like `fresh`. */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh) || old.hasAttribute("data-keep")) return;
  attributes(old, fresh);
  if (isBeingWritten(old)) return;
  field(old, fresh);
  children(old, fresh);
}

function attributes(old, fresh) {
  const own = keptAttributes(old);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !own.has(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !own.has(name)) old.setAttribute(name, value);
  }
}

/** What the reader has opened stays open. */
function keptAttributes(element) {
  return new Set(["DETAILS", "DIALOG"].includes(element.tagName) ? ["open"] : []);
}

function isBeingWritten(element) {
  return element === document.activeElement && /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
}

/** A field that somebody has changed keeps what they wrote; any other takes what came. */
function field(old, fresh) {
  if (old.tagName === "TEXTAREA") {
    if (old.value === old.defaultValue) old.value = fresh.value;
  } else if (old.tagName === "INPUT" && !["checkbox", "radio"].includes(old.type)) {
    if (old.value === old.defaultValue) old.value = fresh.value;
  }
}

function children(old, fresh) {
  const named = new Map([...old.children].filter((one) => one.id).map((one) => [one.id, one]));
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const same = find(wanted, at, named);
    if (same) {
      if (same === at) at = at.nextSibling;
      else old.insertBefore(same, at);
      if (same.nodeType === Node.ELEMENT_NODE) morph(same, wanted);
      else if (same.nodeValue !== wanted.nodeValue) same.nodeValue = wanted.nodeValue;
    } else {
      old.insertBefore(document.importNode(wanted, true), at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** The child that is to become `wanted`: the one with its id, else the next one where that is of its kind. */
function find(wanted, at, named) {
  if (wanted.id) return named.get(wanted.id);
  if (!at || at.nodeType !== wanted.nodeType || at.id) return null;
  return at.nodeName === wanted.nodeName ? at : null;
}
