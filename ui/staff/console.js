// Runs inside Gradio's HTML component of the inbox: `element` and `trigger` are given by it.
// Everything it shows comes escaped from the server; it never builds markup out of text.
const part = (id) => document.getElementById(id);
const here = (path) => new URL(path, location.origin + location.pathname.replace(/[^/]*$/, "")).toString();
const state = { list: "waiting", open: "" };
const kept = new Map();    // what was typed into forms that the server draws anew
const drafts = new Map();  // answers by conversation
let nonce = "";
let stream = null;
let due = 0;
const title = document.title;

const answer = () => part("st-answer");
const pane = () => document.querySelector("#st-conversation .st-pane");
const lines = () => [...document.querySelectorAll("#st-list .st-line")];
const refresh = () => trigger("refresh", { ...state });

function act(name, more = {}) {
  nonce = Math.random().toString(36).slice(2);
  trigger("act", { ...state, act: name, nonce, ...more });
}
function open(id) {
  if (state.open) drafts.set(state.open, answer().value);
  state.open = id;
  answer().value = drafts.get(id) || "";
  document.querySelector("#st-inbox").classList.toggle("st-opened", Boolean(id));
  listen();
  refresh();
}
function send() {
  const text = answer().value;
  if (text.trim() && !part("st-composer").hidden) act("answer", { text });
}
function insert(text) {
  const box = answer();
  if (part("st-composer").hidden) return;
  box.value = box.value.trim() ? box.value.trimEnd() + "\n" + text : text;
  box.focus();
}
function listen() {
  if (stream) stream.close();
  stream = new EventSource(here("../events") + "?opened=" + encodeURIComponent(state.open));
  stream.addEventListener("tick", (event) => {
    const waiting = Number(JSON.parse(event.data).waiting) || 0;
    document.title = waiting ? `(${waiting}) ${title}` : title;
    clearTimeout(due);
    due = setTimeout(refresh, 150);
  });
  stream.addEventListener("ended", () => { stream.close(); location.assign(here("../login")); });
  stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000); };
}

function restore() {
  for (const field of document.querySelectorAll("#st-aside [data-keep]")) {
    const value = kept.get(field.dataset.keep);
    if (value !== undefined && field.value !== value) field.value = value;
  }
}
function shown() {
  const now = pane();
  const mine = now && now.dataset.mine === "true";
  part("st-composer").hidden = !mine;
  if (now && nonce && now.dataset.done === nonce) {
    if (pending === "answer") { answer().value = ""; drafts.delete(state.open); }
    else if (pending === "take_over") answer().focus();
    else for (const key of [...kept.keys()]) kept.delete(key);
    nonce = "";
  }
  const thread = now && now.querySelector(".st-thread");
  if (!thread) return;
  const key = `${now.dataset.opened} ${thread.children.length}`;
  const toEnd = key !== place.key;
  place.key = key;
  requestAnimationFrame(() => { thread.scrollTop = toEnd ? thread.scrollHeight : place.top; });
}
const place = { key: "", top: 0 };  // where the reader was, for a conversation that is drawn anew
document.addEventListener("scroll", (event) => {
  if (event.target.classList?.contains("st-thread")) place.top = event.target.scrollTop;
}, true);
let pending = "";
let focused = "";
document.addEventListener("focusin", (event) => {
  focused = event.target.dataset?.key || event.target.dataset?.keep || "";
});
function refocus(root) {
  if (!focused || document.activeElement !== document.body) return;
  root.querySelector(`[data-key="${CSS.escape(focused)}"], [data-keep="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
for (const id of ["st-list", "st-conversation", "st-aside"]) {
  new MutationObserver(() => { if (id === "st-aside") restore(); if (id === "st-conversation") shown(); refocus(part(id)); })
    .observe(part(id), { childList: true, subtree: true });
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("#st-inbox [data-st]");
  if (!target) return;
  const what = target.dataset.st;
  if (what === "open") open(target.dataset.key);
  else if (what === "list") { state.list = target.dataset.list; refresh(); }
  else if (what === "close-pane") open("");
  else if (what === "insert") insert(target.dataset.text);
  else if (what === "act") {
    if (target.dataset.act === "close" && !confirm("Close this conversation for good?")) return;
    pending = target.dataset.act;
    act(target.dataset.act, target.dataset.name ? { name: target.dataset.name } : {});
  }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id === "st-composer") { event.preventDefault(); pending = "answer"; send(); return; }
  const name = form.dataset.stForm;
  if (!name) return;
  event.preventDefault();
  pending = name;
  act(name, Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value)])));
});
document.addEventListener("input", (event) => {
  const keep = event.target.dataset?.keep;
  if (keep) kept.set(keep, event.target.value);
});
document.addEventListener("keydown", (event) => {
  if (!part("st-inbox")?.offsetParent) return;
  if (event.target.id === "st-answer") {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); pending = "answer"; send(); }
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.target.closest("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "r" && !part("st-composer").hidden) { event.preventDefault(); answer().focus(); }
  if (event.key === "j" || event.key === "k") {
    const all = lines();
    const at = all.findIndex((line) => line === document.activeElement);
    const from = at >= 0 ? at : all.findIndex((line) => line.dataset.key === state.open);
    const next = all[Math.min(all.length - 1, Math.max(0, from + (event.key === "j" ? 1 : -1)))];
    if (next) { event.preventDefault(); next.focus(); }
  }
});
listen();
refresh();
