// An example page: puts the widget on itself as the address says. A real page has the script element in its HTML.
const script = document.createElement("script");
script.src = "../widget.js";
for (const name of ["color", "position", "lang", "title", "greeting", "logo"]) {
  const value = new URLSearchParams(location.search).get(name);
  if (value) script.dataset[name] = value;
}
document.body.append(script);
