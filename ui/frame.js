// Follows page.js in the same function: the chat as a frame of the widget, and what a customer does besides writing.
// It speaks only with the page that frames it, and only where that page's origin is on the desk's list.
const wish = new URLSearchParams(location.search);
const framed = window.parent !== window && wish.get("widget") === "1";
const sites = (element.querySelector(".fd")?.dataset.sites || "").split(" ");
const styles = document.documentElement.style; // variables, because Gradio puts a prefix before every selector of page.css
const mayFrame = new Set([location.origin, ...sites.filter(Boolean)]);
// `var`, because page.js may call the functions below before these lines have run.
var SEEN = "frontdesk-seen";
var hostOrigin = "";
var visible = !framed;
var wantsFocus = false;

function luminance(color) {
  const parts = color.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}
function contrast(one, other) { // WCAG 2.2
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}
const mixed = (one, other, share) => one.map((part, at) => Math.round(part * share + other[at] * (1 - share)));
const rgb = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
const css = (color) => `rgb(${color.join(" ")})`;
const WHITE = [255, 255, 255];
const INK = [11, 20, 19];
const DARK_SURFACE = [23, 33, 31];

// One given colour becomes a set in which every text has a contrast of 4.5 to what is behind it.
function paint() {
  if (!/^#[0-9a-f]{6}$/i.test(wish.get("color") || "")) return;
  const color = rgb(wish.get("color"));
  const ground = getComputedStyle(document.documentElement).getPropertyValue("--fd-surface").trim();
  const dark = /^#[0-9a-f]{6}$/i.test(ground) && luminance(rgb(ground)) < 0.2;
  const soft = mixed(color, dark ? DARK_SURFACE : WHITE, dark ? 0.22 : 0.1);
  const behind = [soft, ...(dark ? [DARK_SURFACE, [14, 22, 21]] : [WHITE, [238, 242, 241]])]; // as in page.css
  let accent = color;
  for (let share = 1; share > 0 && behind.some((one) => contrast(accent, one) < 4.6); share -= 0.05) accent = mixed(color, dark ? WHITE : INK, share);
  const ink = contrast(color, WHITE) >= 4.5 ? WHITE : INK;
  const set = { brand: color, "brand-ink": ink, mine: color, "mine-ink": ink, accent, "accent-soft": soft };
  for (const [name, value] of Object.entries(set)) styles.setProperty("--fd-" + name, css(value));
}
function showLogo() {
  if (!wish.get("logo")) return;
  try {
    const logo = new URL(wish.get("logo"), location.origin);
    if (!mayFrame.has(logo.origin) || !/^https?:$/.test(logo.protocol)) return;
    styles.setProperty("--fd-logo-mark", "none");
    styles.setProperty("--fd-logo", `url("${encodeURI(decodeURI(logo.href)).replace(/["'()\\]/g, "")}")`);
  } catch { /* an address that is none shows no logo */ }
}

function tellHost(type, more) {
  if (hostOrigin) window.parent.postMessage({ frontdesk: type, ...more }, hostOrigin);
}
function newest() {
  return Number(root()?.dataset.sequence || 0);
}
function seenUntil() {
  const [conversation, sequence] = (kept.getItem(SEEN) || "").split(" ");
  return conversation === root()?.dataset.conversation ? Number(sequence) : 0;
}
function reportNews() {
  if (!root()) return;
  if (visible) {
    kept.setItem(SEEN, `${root().dataset.conversation} ${newest()}`);
    return tellHost("unread", { count: 0 });
  }
  const rows = [...root().querySelectorAll(".fd-row[data-message]")];
  tellHost("unread", { count: rows.filter((row) => Number(row.dataset.message) > seenUntil()).length });
}
function takeFocus() {
  if (!wantsFocus || !root()) return;
  wantsFocus = false;
  // On a phone the message box would bring up the keyboard at once.
  (matchMedia("(pointer: coarse)").matches || !box() ? root().querySelector("#fd-thread") : box()).focus();
}
const HEARD = {
  // The page may have been drawn before the host said hello: what it had to tell then is told now.
  hello: () => { tellHost("ready"); tellHost("title", { text: document.title }); reportNews(); },
  open: (message) => { visible = true; wantsFocus = message.focus === true; takeFocus(); reportNews(); },
  close: () => { visible = false; },
  identity: (message) => { if (typeof message.token === "string") identity = message.token.slice(0, 4096); },
};
function hear(event) {
  if (event.source !== window.parent || !mayFrame.has(event.origin)) return;
  const heard = HEARD[event.data?.frontdesk];
  if (!heard) return;
  hostOrigin = event.origin;
  heard(event.data);
}

if (framed) {
  styles.setProperty("--fd-minimise", "grid");
  styles.setProperty("--fd-width", "none");
  paint();
  showLogo();
  addEventListener("message", hear);
  ACTS.minimise = () => tellHost("close");
  document.addEventListener("keydown", (event) => {
    // In the capturing phase, before Escape closes a panel that lies over the chat: that panel goes first.
    const above = document.querySelector("#frontdesk-passage .fd-passage:not([hidden])");
    if (event.key === "Escape" && !event.isComposing && !above) tellHost("close");
  }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.fd-language");
    if (!link) return;
    event.preventDefault();
    wish.set("lang", link.lang);
    location.search = wish.toString();
  });
}

ACTS.finish = () => trigger("finish", {});
ACTS.score = (button) => trigger("score", { rating: Number(button.dataset.rating), comment: "", first: true });
ACTS.restart = async () => { begun = false; if (await begin()) trigger("refresh", {}); };
FORMS["fd-contact"] = (form) => trigger("contact", { email: wellFormed(form.querySelector("input").value) });
FORMS["fd-score"] = (form) => trigger("score", { rating: Number(form.dataset.rating), comment: wellFormed(form.querySelector("textarea").value) });
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-act=end]")) return;
  closePassage();
  trigger("end", {});
});
