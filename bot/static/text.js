// Finds the links in a message: web addresses, calendar files, e-mail addresses, telephone numbers, numbers to text.
// No look-behind in the pattern: phones from before 2023 cannot read it, and the page would not start.

const SHORT = "116 ?123|999";
const SPOKEN = "(?:NHS|[Cc]all|[Rr]ing|[Dd]ial|[Pp]hone) (?:111|112|101)";
const LONG = "(?:\\+44 ?\\(?0?\\)?\\d{2,4}|0\\d{2,4})(?:[ -]?\\d{3,4}){2}";
const PATTERN = [
  "(https?:\\/\\/[^\\s<>\"']+)", // 1
  "(\\/[\\w\\-./~%]+\\.(?:ics|pdf)(?:\\?[\\w=&%.-]*)?)", // 2
  "([\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+)", // 3
  "([Tt]ext ([A-Z]{2,12}) to (\\d{5}))", // 4, 5, 6
  "([Tt]ext (\\d{5}))", // 7, 8
  `(${SPOKEN}|${SHORT}|${LONG})`, // 9
].join("|");

/** Cuts `text` into pieces {kind, text, href?, number?, word?}; kind is "plain", "web", "calendar", "mail", "sms" or "tel". */
export function findLinks(text, origin = location.origin) {
  const pieces = [];
  let done = 0;
  for (const match of text.matchAll(new RegExp(PATTERN, "g"))) {
    const start = match.index;
    if (start < done) continue;
    const piece = isWhole(text, start, match) ? readMatch(match, origin) : null;
    if (!piece) continue;
    const from = start + (piece.skip || 0);
    if (from > done) pieces.push({ kind: "plain", text: text.slice(done, from) });
    pieces.push(piece);
    done = from + piece.text.length;
  }
  if (done < text.length) pieces.push({ kind: "plain", text: text.slice(done) });
  return pieces;
}

/** False where the match is a part of something longer: a reference, a price, a card number, a path. */
function isWhole(text, start, match) {
  const before = start ? text[start - 1] : " ";
  const after = text.slice(start + match[0].length, start + match[0].length + 2);
  if (match[1]) return !/\w/.test(before);
  return !/[\w£$€#/.@-]/.test(before) && !/^([\w@]|[-.,:/]\d)/.test(after);
}

function readMatch(match, origin) {
  const [whole, web, file, mail, , word, short, texting, number] = match;
  if (web) return readWeb(web, origin);
  if (file) return file.includes(".pdf") ? { kind: "web", text: file, href: new URL(file, origin).href } : { kind: "calendar", text: file, href: file };
  if (mail) {
    const address = mail.replace(/[.-]+$/, "");
    return { kind: "mail", text: address, href: `mailto:${address}` };
  }
  if (short) return { kind: "sms", text: whole, href: `sms:${short}?body=${word}`, number: short, word };
  if (texting) return { kind: "sms", text: whole, href: `sms:${number}`, number };
  const digits = whole.replace(/^[A-Za-z]+ /, "");
  return { kind: "tel", text: digits, skip: whole.length - digits.length, href: telLink(digits), number: digits };
}

/** Only https, or this same site: nothing else is worth a tap. */
function readWeb(found, origin) {
  const text = found.replace(/[.,;:!?)\]]+$/, "");
  let url;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  if (url.protocol !== "https:" && url.origin !== origin) return null;
  if (url.username || url.password) return null;
  const kind = url.origin === origin && url.pathname.endsWith(".ics") ? "calendar" : "web";
  return { kind, text, href: url.href };
}

/** "01923 271 783" -> "tel:01923271783" */
export const telLink = (number) => `tel:${number.replace(/\(0\)|[^\d+]/g, "")}`;

/** What to show for a web address: no scheme, not endless. */
export function shortAddress(href) {
  const bare = href.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");
  return bare.length > 48 ? `${bare.slice(0, 47)}…` : bare;
}
