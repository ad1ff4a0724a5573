// A form is sent once: its button says what happens and takes no second press.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter ?? form.querySelector("button[type=submit]");
  button.style.minWidth = `${button.offsetWidth}px`;
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busy) {
    button.dataset.rest = button.textContent;
    button.textContent = button.dataset.busy;
  }
});

// Back from the next page, the browser may show this one as it was left: as sent.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button[aria-disabled]")) {
      button.removeAttribute("aria-disabled");
      if (button.dataset.rest) button.textContent = button.dataset.rest;
    }
  }
});
