// Files dropped or chosen are listed with their size before they are sent.

const form = document.querySelector("form[data-upload]");
const input = form.querySelector("input[type=file]");
const drop = form.querySelector("[data-drop]");
const list = form.querySelector("[data-files]");

form.querySelector("[data-drop-words]").hidden = false;
input.addEventListener("change", show);

for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) {
  drop.addEventListener(name, () => drop.classList.remove("over"));
}
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  const files = [...event.dataTransfer.files];
  const taken = new DataTransfer();
  for (const file of input.multiple ? files : files.slice(0, 1)) taken.items.add(file);
  input.files = taken.files;
  show();
});
// Beside the area a dropped file would replace the page.
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => event.preventDefault());
}

function show() {
  const files = [...input.files];
  list.hidden = files.length === 0;
  list.replaceChildren(...files.map(row));
}

function row(file) {
  const item = document.createElement("li");
  const name = document.createElement("bdi");
  const size = document.createElement("span");
  name.textContent = file.name;
  size.textContent = sizeInWords(file.size);
  size.className = file.size > Number(form.dataset.maxBytes) ? "error" : "quiet";
  if (size.className === "error") size.textContent += ` — ${form.dataset.tooLarge}`;
  item.append(name, size);
  return item;
}

function sizeInWords(bytes) {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${Math.max(1, Math.round(bytes / 1000))} kB`;
}
