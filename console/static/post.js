// Sends a form to the server from a script, with the token that shows it comes from our page.

/** POSTs `fields` ({name: value}) or a <form>'s; resolves to the Response, also where it says no. */
export function post(url, fields = {}) {
  const body = new URLSearchParams(fields instanceof HTMLFormElement ? new FormData(fields) : fields);
  const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";
  return fetch(url, { method: "POST", body, headers: { "X-CSRF": csrf }, redirect: "manual" });
}
