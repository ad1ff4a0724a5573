// On demand the whole document, by pdf.js: zoom, keys, text to select and to hear. What
// pdf.js could show otherwise than it is, it does not show: the page images stay.

const viewer = document.querySelector("[data-reader]");
const find = (name) => viewer.querySelector(`[data-${name}]`);
const button = find("open-reader");
const pages = find("pages");
const zoom = find("zoom");
const images = [...pages.childNodes];
const place = find("place").textContent;
const vendor = new URL(".", new URL(viewer.dataset.engine, location.href)).href;
const STEPS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
const MAX_PIXELS = 2 ** 24;

let pdfjs;
let loading;
let shown = [];
let step = STEPS.indexOf(1);
let near;

class Refusal extends Error {}

// Fonts and decoders come from this service; character maps it does not have.
class Files {
  async fetch({ kind, filename }) {
    if (kind !== "standardFontDataUrl") {
      giveUp();
      throw new Refusal(filename);
    }
    const answer = await fetch(`${vendor}standard_fonts/${filename}`);
    if (!answer.ok) throw new Refusal(filename);
    return new Uint8Array(await answer.arrayBuffer());
  }
}

async function open() {
  button.setAttribute("aria-disabled", "true");
  const rest = button.textContent;
  button.textContent = button.dataset.busy;
  try {
    pdfjs ??= await import(viewer.dataset.engine);
    pdfjs.GlobalWorkerOptions.workerSrc = `${vendor}pdf.worker.min.mjs`;
    const answer = await fetch(viewer.dataset.reader);
    if (!answer.ok) throw new Refusal(answer.status);
    loading = pdfjs.getDocument({
      data: await answer.arrayBuffer(),
      BinaryDataFactory: Files,
      useWorkerFetch: false,
      useSystemFonts: false, // the same look on every machine
      useWasm: false, // no WebAssembly, so that the page's policy need not allow it
      wasmUrl: `${vendor}wasm/`,
      stopAtErrors: true,
      enableXfa: false,
    });
    await show(await loading.promise);
  } catch {
    giveUp();
  }
  button.textContent = rest;
}

// Silently back to the images: they are there and they are right.
function giveUp() {
  near?.disconnect();
  loading?.destroy();
  shown = [];
  pages.replaceChildren(...images);
  pages.classList.remove("open");
  pages.removeAttribute("tabindex");
  zoom.hidden = true;
  button.hidden = true;
  find("paging").hidden = false;
  find("text").hidden = false;
  find("place").textContent = place;
}

async function show(pdf) {
  const first = Number(viewer.dataset.page);
  near = new IntersectionObserver(enter, { root: pages, rootMargin: "100% 0px" });
  const middle = new IntersectionObserver(name, { root: pages, rootMargin: "-50% 0px" });
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await pdf.getPage(number);
    const { width, height } = page.getViewport({ scale: 1 });
    const box = document.createElement("div");
    box.className = "pdf-page";
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", viewer.dataset.place
      .replace("{page}", number).replace("{pages}", pdf.numPages));
    box.style.setProperty("--page-width", `${width}px`);
    box.style.setProperty("--page-height", `${height}px`);
    shown.push({ page, box, width });
  }
  pages.replaceChildren(...shown.map(({ box }) => box));
  pages.classList.add("open");
  pages.tabIndex = 0;
  pages.focus();
  zoom.hidden = false;
  button.hidden = true;
  find("paging").hidden = true;
  find("text").hidden = true;
  scaleAll();
  pages.scrollTop = shown[first - 1]?.box.offsetTop ?? 0;
  for (const { box } of shown) {
    near.observe(box);
    middle.observe(box);
  }
}

// 100 % is as wide as the viewer.
function scaleAll() {
  const room = pages.clientWidth - 16;
  for (const each of shown) {
    each.scale = (room / each.width) * STEPS[step];
    each.box.style.setProperty("--total-scale-factor", each.scale);
    if (each.drawn) draw(each);
  }
  find("zoom-level").textContent = `${100 * STEPS[step]} %`;
}

function change(by) {
  const middle = pages.scrollTop / pages.scrollHeight;
  step = Math.min(STEPS.length - 1, Math.max(0, step + by));
  scaleAll();
  pages.scrollTop = middle * pages.scrollHeight;
}

function enter(entries) {
  for (const { target, isIntersecting } of entries) {
    const each = shown.find(({ box }) => box === target);
    if (isIntersecting && !each.drawn) draw(each);
    if (!isIntersecting) drop(each);
  }
}

function name(entries) {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) find("place").textContent = target.getAttribute("aria-label");
  }
}

function drop(each) {
  each.task?.cancel();
  each.box.replaceChildren();
  each.drawn = false;
}

async function draw(each) {
  each.task?.cancel();
  each.drawn = true;
  const { page, box, scale } = each;
  const viewport = page.getViewport({ scale });
  const canvas = document.createElement("canvas");
  const most = Math.sqrt(MAX_PIXELS / (viewport.width * viewport.height));
  const dense = Math.min(window.devicePixelRatio, most);
  canvas.width = Math.floor(viewport.width * dense);
  canvas.height = Math.floor(viewport.height * dense);
  canvas.setAttribute("aria-hidden", "true");
  const text = document.createElement("div");
  text.className = "text-layer";
  try {
    each.task = page.render({ canvas, viewport, transform: [dense, 0, 0, dense, 0, 0] });
    await each.task.promise;
    box.replaceChildren(canvas, text);
    await new pdfjs.TextLayer({
      textContentSource: page.streamTextContent(),
      container: text,
      viewport,
    }).render();
  } catch (error) {
    if (error?.name !== "RenderingCancelledException" && shown.includes(each)) giveUp();
  }
}

button.hidden = false;
button.addEventListener("click", () => {
  if (!button.hasAttribute("aria-disabled")) open();
});
find("zoom-out").addEventListener("click", () => change(-1));
find("zoom-in").addEventListener("click", () => change(1));
pages.addEventListener("keydown", (event) => {
  if (!shown.length || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "+" || event.key === "=") change(1);
  else if (event.key === "-") change(-1);
});
let resized;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => { if (shown.length) scaleAll(); }, 200);
});
