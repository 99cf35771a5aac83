// Keeps the line to copy and the preview in step with the choices.
const form = document.getElementById("choices");
const source = new URL("../widget.js", location.href).href;
const quoted = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
let later = 0;
function chosen() {
  return [...new FormData(form)].filter(([name, value]) => value && !(name === "color" && value === "#0f5c55"));
}
function show() {
  const data = chosen().map(([name, value]) => `\n        data-${name}="${quoted(value)}"`).join("");
  document.getElementById("line").textContent = `<script src="${quoted(source)}"${data} defer></script>`;
  clearTimeout(later);
  later = setTimeout(() => { document.getElementById("preview").src = "host?" + new URLSearchParams(chosen()); }, 300);
}
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("copy").addEventListener("click", async () => {
  const line = document.getElementById("line");
  try {
    await navigator.clipboard.writeText(line.textContent);
    document.getElementById("copied").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(line);
    document.getElementById("copied").textContent = "Selected: copy it with your keyboard.";
  }
});
show();
