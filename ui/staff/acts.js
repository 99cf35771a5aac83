// Runs inside Gradio's HTML component: `element` and `trigger` are given by it. Everything it shows comes escaped from the server.
// A click on [data-act] triggers the event of that name, if it is one of ACTS (see acts.py). [data-keys] lists keys and what they press or focus while it is shown.
const KEYS = "frontdesk-staff-keys";
const keysOn = () => localStorage.getItem(KEYS) !== "off";
const showKeys = () => element.querySelectorAll("[data-toggle-keys]").forEach((button) => button.setAttribute("aria-pressed", String(keysOn())));

element.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-toggle-keys]");
  if (toggle) {
    localStorage.setItem(KEYS, keysOn() ? "off" : "on");
    showKeys();
    return;
  }
  const button = event.target.closest("[data-act]");
  if (button && element.contains(button) && ACTS.includes(button.dataset.act)) trigger(button.dataset.act, { ...button.dataset });
});

document.addEventListener("keydown", (event) => {
  const keys = element.isConnected && element.querySelector("[data-keys]");
  if (!keys || keys.offsetParent === null || !keysOn()) return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]")) return;
  const target = document.querySelector(JSON.parse(keys.dataset.keys)[event.key] || "never");
  if (!target) return;
  event.preventDefault();
  if (target.matches("button")) target.click();
  else (target.querySelector("textarea, input") || target).focus();
});

// [data-every] names an event to trigger every few seconds while it is on the screen, so that what changes shows without a reload.
const EVERY_MS = 2500;
const looking = ACTS.length && setInterval(() => {
  const due = element.querySelector("[data-every]");
  if (!element.isConnected) clearInterval(looking);
  else if (due && due.offsetParent !== null && !document.hidden && ACTS.includes(due.dataset.every)) trigger(due.dataset.every, {});
}, EVERY_MS);

new MutationObserver(showKeys).observe(element, { childList: true, subtree: true });
showKeys();
