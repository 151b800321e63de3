// Keys for what the buttons do. Without this script the page works with buttons alone.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const typing = event.target.matches("input, textarea");
  if (typing && event.key === "Escape") event.target.blur();
  // Enter in the note would press the first button, whatever was meant.
  if (typing && event.key === "Enter") { event.preventDefault(); event.target.blur(); }
  if (typing) return;
  const button = document.querySelector(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// One word for one press: a second press on a slow line says nothing.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
