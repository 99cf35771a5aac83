// A launcher button, and the chat in a frame that is made when it is first opened. In a shadow root, so that the page's
// style does not break it; asks only the desk for anything, and hears only the desk's own frame.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.Frontdesk) return;
  const base = new URL(".", script.src);
  const said = script.dataset;
  const KEPT = "frontdesk-widget";
  const WORDS = {
    en: { open: "Open chat", close: "Minimise chat", unread: "new messages", title: "Chat with us", dismiss: "Dismiss" },
    zh: { open: "打开聊天", close: "收起聊天", unread: "条新消息", title: "在线客服", dismiss: "关闭提示" },
  };
  const lang = /^zh/i.test(said.lang || document.documentElement.lang || navigator.language) ? "zh" : "en";
  const words = WORDS[lang];
  const color = hex(said.color) || "#0f5c55";
  const ink = contrast(color, "#ffffff") >= 4.5 ? "#ffffff" : "#0b1413";
  const phone = matchMedia("(max-width: 520px)");
  let title = said.title || words.title;
  let frame = null, ready = false, opened = false, unread = 0, identity = said.identity || "";

  function hex(text) {
    const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text || "");
    if (short) return "#" + short.slice(1).map((digit) => digit + digit).join("");
    return /^#[0-9a-f]{6}$/i.test(text || "") ? text : "";
  }
  function luminance(text) {
    const parts = [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16) / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
  function contrast(one, other) { // WCAG 2.2
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }
  function kept(key, value) { // a page may be without storage
    try {
      if (value !== undefined) sessionStorage.setItem(KEPT + key, value);
      return sessionStorage.getItem(KEPT + key);
    } catch { return null; }
  }

  const STYLE = `
:host { all: initial !important; --ink: ${ink}; --color: ${color}; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
button { font: inherit; cursor: pointer; border: 0; margin: 0; }
.launcher, .panel, .teaser { position: fixed; z-index: 2147483000; right: 20px; font: 15px/1.45 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
.left { right: auto !important; left: 20px; }
.launcher { bottom: 20px; width: 60px; height: 60px; padding: 0; display: grid; place-items: center; border-radius: 50%; background: var(--color); color: var(--ink); box-shadow: 0 6px 22px rgb(0 20 18 / .32); }
.launcher:hover { filter: brightness(1.12); }
:focus-visible { outline: 3px solid #fff !important; outline-offset: 0; box-shadow: 0 0 0 6px #0b1413 !important; }
svg { width: 28px; height: 28px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.badge { position: absolute; top: -4px; right: -4px; min-width: 23px; padding: 0 6px; border-radius: 12px; background: #c5221f; color: #fff; font-size: 13px; font-weight: 700; line-height: 23px; text-align: center; }
.panel { bottom: 94px; width: 400px; height: min(680px, calc(100vh - 114px)); border-radius: 18px; overflow: hidden; background: #fff; box-shadow: 0 14px 48px rgb(0 20 18 / .3), 0 0 0 1px rgb(0 20 18 / .08); animation: rise .2s ease-out; }
@keyframes rise { from { opacity: 0; transform: translateY(14px); } }
iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: light dark; }
.wait { position: absolute; inset: 0; background: #fff; }
.wait header { display: flex; align-items: center; justify-content: space-between; padding: 14px 16px; background: var(--color); color: var(--ink); font-size: 17px; font-weight: 650; }
.wait button, .teaser button { padding: 6px; border-radius: 8px; background: none; color: inherit; }
.wait svg { display: block; width: 22px; height: 22px; }
.wait i { display: block; width: 34px; height: 34px; margin: 120px auto; border: 3px solid #d9e2e0; border-top-color: var(--color); border-radius: 50%; animation: turn 1s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
.teaser { bottom: 92px; max-width: min(290px, calc(100vw - 40px)); display: flex; align-items: flex-start; border-radius: 16px; background: #fff; color: #1c2726; box-shadow: 0 8px 30px rgb(0 20 18 / .22), 0 0 0 1px rgb(0 20 18 / .06); }
.teaser .say { padding: 12px 4px 12px 16px; text-align: left; border-radius: 16px; }
.teaser .no { min-width: 32px; min-height: 32px; margin: 5px; color: #5b6b69; font-size: 18px; line-height: 1; }
@media (max-width: 520px) {
  .panel { inset: 0 !important; width: auto; height: 100dvh; border-radius: 0; }
  .panel:not([hidden]) ~ .launcher { display: none; }
}
@media (prefers-reduced-motion: reduce) { .panel, .wait i { animation: none; } }`;
  const CHAT = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 4h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-6l-5 4v-4H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM8 9h8M8 13h5"/></svg>';
  const DOWN = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 9l7 7 7-7"/></svg>';

  const host = document.createElement("frontdesk-widget");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet(); // not subject to style-src
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  function make(tag, className, parent, attributes = {}) {
    const made = document.createElement(tag);
    made.className = className + (said.position === "left" && parent === root ? " left" : "");
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    parent.append(made);
    return made;
  }
  const panel = make("div", "panel", root, { id: "panel", role: "dialog", lang, hidden: "" });
  const launcher = make("button", "launcher", root, { type: "button", lang, "aria-controls": "panel" });
  const teaser = make("div", "teaser", root, { lang, hidden: "" });
  // On a phone the panel covers the page: focus must not get lost behind it.
  const guard = () => phone.matches && make("div", "", panel, { tabindex: 0 }).addEventListener("focus", () => frame.focus());

  function show() {
    panel.setAttribute("aria-label", title);
    frame?.setAttribute("title", title);
    launcher.setAttribute("aria-expanded", opened);
    const news = unread && !opened ? ` (${unread} ${words.unread})` : "";
    launcher.setAttribute("aria-label", (opened ? words.close : words.open) + news);
    launcher.innerHTML = opened ? DOWN : CHAT;
    if (news) make("span", "badge", launcher, { "aria-hidden": "true" }).textContent = unread > 9 ? "9+" : unread;
  }
  function tell(type, more) {
    if (frame?.contentWindow) frame.contentWindow.postMessage({ frontdesk: type, ...more }, base.origin);
  }
  function load() {
    if (frame) return;
    const query = new URLSearchParams({ widget: 1, lang, color });
    if (said.logo) query.set("logo", said.logo);
    guard();
    frame = make("iframe", "", panel, { title, src: new URL("chat/?" + query, base), referrerpolicy: "origin" });
    guard();
    const wait = make("div", "wait", panel);
    const header = make("header", "", wait);
    make("span", "", header).textContent = title;
    const down = make("button", "", header, { type: "button", "aria-label": words.close });
    down.innerHTML = DOWN;
    down.addEventListener("click", close);
    make("i", "", wait);
    frame.addEventListener("load", () => { ready = false; }); // also when it changes its language
    setInterval(() => (ready ? wait.remove() : tell("hello")), 250);
  }
  function open(byHand) {
    load();
    opened = true;
    unread = 0;
    panel.hidden = false;
    teaser.hidden = true;
    kept("", "open");
    show();
    tell("open", { focus: byHand === true });
    if (byHand === true) frame.focus();
  }
  function close() {
    if (!opened) return;
    opened = false;
    panel.hidden = true;
    kept("", "closed");
    show();
    tell("close");
    launcher.focus();
  }
  function identify(token) {
    identity = String(token || "");
    if (ready && identity) tell("identity", { token: identity });
  }

  addEventListener("message", (event) => {
    if (!frame || event.origin !== base.origin || event.source !== frame.contentWindow) return;
    const { frontdesk: type, count, text } = event.data || {};
    if (type === "ready" && !ready) {
      ready = true;
      identify(identity);
      tell(opened ? "open" : "close", { focus: root.activeElement === frame });
    } else if (type === "close") close();
    else if (type === "unread" && Number.isInteger(count)) { unread = opened ? 0 : count; show(); }
    else if (type === "title" && !said.title && typeof text === "string") { title = text.slice(0, 80); show(); }
  });
  root.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  launcher.addEventListener("click", () => (opened ? close() : open(true)));

  if (said.greeting) {
    const say = make("button", "say", teaser, { type: "button" });
    say.textContent = said.greeting.slice(0, 200);
    say.addEventListener("click", () => open(true));
    const no = make("button", "no", teaser, { type: "button", "aria-label": words.dismiss });
    no.textContent = "×";
    no.addEventListener("click", () => { teaser.hidden = true; kept("-greeted", "1"); launcher.focus(); });
    setTimeout(() => { teaser.hidden = opened || kept("") !== null || kept("-greeted") !== null; }, 1500);
  }
  show();
  const begin = () => {
    document.body.append(host);
    if (kept("") === "open") open(false);
    else if (kept("") === "closed") setTimeout(load, 1000); // there may be news in a conversation that was begun
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
  window.Frontdesk = Object.freeze({ open: () => open(true), close, identify });
})();
