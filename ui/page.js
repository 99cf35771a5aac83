// Runs inside Gradio's HTML component: `element`, `trigger` and `watch` are given by it.
// Everything it shows comes escaped from the server; it never builds markup out of text.
const OUTBOX = "frontdesk-outbox";
const DRAFT = "frontdesk-draft";
const LOOK_MS = 4000;
const SETTLE_MS = 250;
const RETRY_MS = 12000;
const MAX_TRIES = 10;
// In another site's frame a browser may refuse storage: then the outbox lives as long as the page.
const kept = (() => {
  try { return window.sessionStorage; } catch { /* refused */ }
  const memory = new Map();
  return { getItem: (key) => memory.get(key) ?? null, setItem: (key, value) => memory.set(key, value), removeItem: (key) => memory.delete(key) };
})();
const here = (path) => new URL(path, location.origin + location.pathname.replace(/[^/]*$/, "")).toString();
const root = () => element.querySelector("#fd");
const box = () => element.querySelector("#fd-text");
let begun = false;
let shownSequence = -1;
let draftShown = false;
let identity = ""; // who the page that frames us says the customer is; signed
const FORMS = {
  "fd-composer": () => sendTyped(),
  "fd-comment": (form) => trigger("comment", {
    sequence: Number(form.dataset.sequence), helpful: form.dataset.helpful === "1", comment: wellFormed(form.querySelector("input").value),
  }),
};

function readOutbox() {
  try { return JSON.parse(kept.getItem(OUTBOX) || "[]"); } catch { return []; }
}
function writeOutbox(letters) {
  kept.setItem(OUTBOX, JSON.stringify(letters));
}
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function wellFormed(text) {
  return text.toWellFormed ? text.toWellFormed() : text;
}
function banner(name) {
  let bar = document.getElementById("fd-banner");
  if (!bar) {
    bar = document.createElement("div");
    bar.id = "fd-banner";
    bar.setAttribute("role", "status");
    document.body.append(bar);
  }
  const words = (name && element.querySelector(".fd")?.dataset[name]) || "";
  if (bar.textContent !== words) bar.textContent = words;
  bar.hidden = !words;
}

// One request at a time: two messages at once must not begin two conversations.
let beginning = null;
async function begin() {
  if (begun) return true;
  beginning ||= askForConversation().finally(() => { beginning = null; });
  return beginning;
}
async function askForConversation() {
  const answer = await fetch(here("../conversation"), {
    method: "POST", credentials: "same-origin",
    headers: { "content-type": "application/json" }, body: JSON.stringify(identity ? { identity } : {}),
  });
  if (answer.status === 403) banner("cookies");
  begun = answer.ok;
  return begun;
}

function giveBack(letter) {
  writeOutbox(readOutbox().filter((other) => other.id !== letter.id));
  if (box() && !box().value) box().value = letter.typed;
  trigger("refresh", {});
}
async function deliver(letter) {
  letter.tried = Date.now();
  letter.tries += 1;
  if (letter.tries > MAX_TRIES) return giveBack(letter);
  writeOutbox(readOutbox().map((other) => (other.id === letter.id ? letter : other)));
  try {
    if (await begin()) trigger("deliver", { text: letter.text, id: letter.id });
  } catch {
    banner("offline");
  }
}
function send(text) {
  const limit = Number(root()?.dataset.limit || 4000);
  const letter = { id: newId(), text: wellFormed(text.slice(0, limit * 2 + 2)), typed: text, tried: 0, tries: 0 };
  writeOutbox([...readOutbox(), letter]);
  deliver(letter);
}
function sendTyped() {
  const text = box().value;
  if (!text.trim()) return;
  box().value = "";
  kept.removeItem(DRAFT);
  send(text);
}

function settle() {
  const note = document.querySelector("#frontdesk-notice [data-letter]");
  if (!note) return;
  const letter = readOutbox().find((other) => other.id === note.dataset.letter);
  if (!letter) return;
  banner("");
  if (note.dataset.outcome === "refused") giveBack(letter);
  else writeOutbox(readOutbox().filter((other) => other.id !== letter.id));
}

const ACTS = {
  send: (button) => send(button.dataset.text),
  open: (button) => trigger("open", { sequence: Number(button.dataset.sequence), number: Number(button.dataset.number) }),
  rate: (button) => trigger("rate", { sequence: Number(button.dataset.sequence), helpful: button.dataset.helpful === "1" }),
  retry: () => fetch(here(`../api/v1/conversations/${root().dataset.conversation}/retry`), { method: "POST" }),
  person: async () => { if (await begin()) trigger("person", { id: newId() }); },
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button && ACTS[button.dataset.act]) ACTS[button.dataset.act](button);
});
element.addEventListener("keydown", (event) => {
  if (event.target.id !== "fd-text" || event.key !== "Enter") return;
  if (event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  sendTyped();
});
element.addEventListener("input", (event) => {
  if (event.target.id === "fd-text") kept.setItem(DRAFT, event.target.value);
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  FORMS[event.target.classList[0]]?.(event.target);
});

function closePassage() {
  const panel = document.querySelector("#frontdesk-passage .fd-passage");
  if (!panel || panel.hidden) return;
  panel.hidden = true;
  element.inert = false;
  if (panel.opener?.isConnected) panel.opener.focus();
}
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-act=close]") || event.target.classList?.contains("fd-passage")) closePassage();
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closePassage(); });

function updated() {
  const now = root();
  if (!now) return;
  listen();
  document.documentElement.lang = now.lang;
  if (Number(now.dataset.sequence) > 0) begun = now.dataset.owner !== "closed";
  if (!draftShown) {
    draftShown = true;
    if (box()) box().value = kept.getItem(DRAFT) || "";
  }
  reportNews();
  takeFocus();
  const locale = navigator.language.startsWith(now.lang) ? navigator.language : now.lang;
  const stamp = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
  for (const time of now.querySelectorAll("time")) {
    const words = stamp.format(new Date(time.dateTime));
    if (time.textContent !== words) time.textContent = words;
  }
  const marker = now.dataset.sequence + now.querySelectorAll(".fd-row").length;
  if (marker !== shownSequence) {
    shownSequence = marker;
    const thread = now.querySelector("#fd-thread");
    thread.scrollTop = thread.scrollHeight;
  }
}
watch("value", updated);
new MutationObserver(() => {
  settle();
  const close = document.querySelector("#frontdesk-passage .fd-passage:not([hidden]) .fd-close");
  const panel = close?.closest(".fd-passage");
  if (panel && panel.seen !== panel.dataset.opening) {
    panel.seen = panel.dataset.opening;
    panel.opener = document.activeElement;
    element.inert = true;
    close.focus();
  }
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-opening", "data-letter", "data-outcome"] });

// What happens without this page's doing (a person's answer, another tab) comes by the API's stream, which costs no
// Gradio event. A hidden page gives its connection back: a browser has six for each host.
let stream = null;
let streamed = "";
let refused = { id: "", at: 0 };
function listen() {
  const id = root()?.dataset.conversation || "";
  const wanted = document.hidden ? "" : id;
  if (wanted === streamed && stream?.readyState !== EventSource.CLOSED) return;
  if (wanted === refused.id && Date.now() - refused.at < RETRY_MS) return;
  stream?.close();
  stream = null;
  streamed = wanted;
  if (!wanted) return;
  stream = new EventSource(here(`../api/v1/conversations/${wanted}/stream?after=${root().dataset.sequence}`));
  stream.onopen = () => banner("");
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED) return banner("offline"); // it tries again by itself
    refused = { id: wanted, at: Date.now() }; // another tab may have begun another conversation: look
    streamed = "";
    trigger("refresh", {});
  };
  stream.addEventListener("message", (event) => news(Number(event.lastEventId), null));
  stream.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    news(state.last_sequence, state.owner, state.reply);
  });
  stream.addEventListener("erased", () => { stream.close(); trigger("refresh", {}); });
}
function news(sequence, owner, reply) {
  // An answer to this page's own message is on its way by Gradio: give it a moment before asking for it.
  setTimeout(() => {
    const now = root();
    if (!now || reply === "pending") return;
    if (sequence > Number(now.dataset.sequence) || (owner && owner !== now.dataset.owner)) trigger("refresh", {});
  }, SETTLE_MS);
}

function look() {
  if (!root()) return navigator.cookieEnabled ? trigger("refresh", {}) : banner("cookies");
  listen();
  if (document.hidden) return;
  const late = readOutbox().filter((letter) => Date.now() - letter.tried > RETRY_MS);
  if (late.length && !document.getElementById("fd-banner")?.textContent) banner("unsent");
  late.forEach(deliver);
}
setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", look);
updated();
readOutbox().forEach(deliver);
