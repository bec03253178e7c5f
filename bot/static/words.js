// The page's words. They are not here: the server sends them, from nlu/answers/page.yml.

let facts = { labels: {}, phone: "", explained: [] };

/** Fetches the words; tries again until they come, since nothing can be said without them. */
export async function loadWords(wait = 500) {
  try {
    const answer = await fetch("/chat/labels.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    facts = await answer.json();
  } catch {
    await new Promise((resolve) => setTimeout(resolve, wait));
    await loadWords(Math.min(wait * 2, 10000));
  }
}

/** The words for `name` (without `label_`), with `{key}` filled from `values`. */
export function word(name, values = {}) {
  const known = { phone: facts.phone, ...values };
  const text = facts.labels[`label_${name}`] || "";
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in known ? String(known[key]) : whole));
}

/** True when there are words for `name`. */
export const hasWord = (name) => `label_${name}` in facts.labels;

/** True when the server can tell why it gives this answer. */
export const isExplained = (answer) => (facts.explained || []).includes(answer);
