// Puts the chat on another site: <script src="https://…/embed.js" async></script>. A button, and the chat in a frame.
(() => {
  const words = "{{words}}";
  const script = document.currentScript;
  const home = new URL(script.src).origin;
  const rules = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    button { position: fixed; z-index: 2147483000; right: 16px; bottom: 16px; display: flex; align-items: center; gap: 8px;
      min-height: 56px; padding: 0 20px; border: 2px solid #fff; border-radius: 28px; background: #0b6655; color: #fff;
      font: 600 16px/1.2 system-ui, sans-serif; cursor: pointer; box-shadow: 0 4px 18px rgb(0 0 0 / 28%); }
    button:hover { background: #084d40; }
    button:focus-visible { outline: 3px solid #ffd45e; outline-offset: 3px; }
    svg { width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .new { padding: 2px 8px; border-radius: 10px; background: #fff; color: #0b6655; font-size: 14px; }
    .new:empty, [hidden] { display: none; }
    div { position: fixed; z-index: 2147483000; right: 16px; bottom: 84px; width: 400px; height: min(680px, calc(100vh - 100px));
      border-radius: 18px; overflow: hidden; background: #f2f6f3; box-shadow: 0 12px 48px rgb(0 0 0 / 34%); }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    @media (max-width: 520px), (max-height: 480px) {
      div { inset: 0; width: auto; height: auto; border-radius: 0; }
      button[aria-expanded="true"] { display: none; }
    }
    @media (prefers-color-scheme: dark) { div { background: #0e1613; outline: 1px solid #3b4f47; } }
  `;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  dress();
  const button = document.createElement("button");
  const label = document.createElement("span");
  const fresh = document.createElement("span");
  const panel = document.createElement("div");
  let frame = null;

  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", "chat");
  button.append(drawIcon(), label, fresh);
  label.textContent = words.open;
  fresh.className = "new";
  panel.id = "chat";
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", words.frame);
  panel.hidden = true;
  // The panel comes first, so that Shift+Tab leads from the button into it and Tab out of it leads to the button.
  root.append(panel, button);

  const isOpen = () => !panel.hidden;
  const tell = (chat) => frame.contentWindow.postMessage({ chat }, home);

  function show() {
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    label.textContent = words.close;
    fresh.textContent = "";
    if (!frame) {
      frame = document.createElement("iframe");
      frame.title = words.frame;
      frame.src = `${home}/?embedded=1`;
      frame.referrerPolicy = "no-referrer";
      panel.append(frame);
    } else tell("open");
    frame.focus();
  }

  function hide() {
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    label.textContent = words.open;
    button.focus();
    if (frame) tell("closed");
  }

  button.addEventListener("click", () => (isOpen() ? hide() : show()));
  document.addEventListener("keydown", (event) => event.key === "Escape" && isOpen() && hide());
  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== home) return;
    const { chat, detail } = event.data || {};
    if (chat === "ready" && isOpen()) tell("open");
    if (chat === "close" && isOpen()) hide();
    if (chat === "unread") fresh.textContent = detail && !isOpen() ? words.fresh.replace("{count}", detail) : "";
    if (chat === "leave" && /^https?:\/\//.test(detail)) location.replace(detail);
  });

  function dress() {
    try {
      const sheet = new CSSStyleSheet(); // not touched by the site's Content-Security-Policy
      sheet.replaceSync(rules);
      root.adoptedStyleSheets = [sheet];
    } catch {
      const style = document.createElement("style"); // phones from before 2023
      style.textContent = rules;
      root.append(style);
    }
  }

  function drawIcon() {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", "M20.5 5.500v9a2 2 0 0 1-2 2H12l-4.500 4v-4h-2a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2h13a2 2 0 0 1 2 2Z");
    svg.append(path);
    return svg;
  }

  const place = () => document.body.append(host);
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place);
})();
