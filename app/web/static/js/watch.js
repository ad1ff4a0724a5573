// A page that waits: it asks for the one word of its state and follows it. It never
// stops asking; it only rests while nobody looks, and asks more slowly in trouble.

const FAST = 2000;
const SLOW = 5000;
const FAST_FOR = 120_000;
const LONGEST = 30_000;
const PATIENCE = 15_000;
const SENDING = 30_000;
const REFUSALS = 3;
const ANNOUNCED = [60, 30, 10];

const root = document.querySelector("[data-watch]");
const offline = document.querySelector("[data-offline]");
const started = performance.now();
let failures = 0;
let refused = 0;
let sent = -Infinity;
let etag = null;
let timer = null;
let asking = null;
let question = null;

function follow() {
  if (sending()) return;
  // A new GET, also where this page was the answer to a form.
  location.replace(root.dataset.next ?? location.pathname + location.search);
}

// A form on its way goes first: its answer may bring a new cookie, and to load the page
// meanwhile would lose that answer.
function sending() {
  return performance.now() - sent < SENDING;
}

async function ask() {
  const headers = etag ? { "If-None-Match": etag } : {};
  const { signal } = question = new AbortController();
  const late = setTimeout(() => question.abort(), PATIENCE);
  let answer;
  try {
    answer = await fetch(root.dataset.watch, { headers, cache: "no-store", signal });
  } catch {
    failures += 1;
    offline.hidden = sending();
    return;
  } finally {
    clearTimeout(late);
  }
  offline.hidden = true;
  if (answer.status === 304) {
    failures = 0;
    refused = 0;
  } else if (answer.ok) {
    const { state } = await answer.json();
    failures = 0;
    refused = 0;
    etag = answer.headers.get("ETag");
    if (state !== root.dataset.word) follow();
  } else if (answer.status >= 500 || answer.status === 429) {
    failures += 1;
  } else {
    failures += 1;
    refused += 1; // at first perhaps because another tab is getting a new cookie
    if (refused === REFUSALS) follow(); // no longer ours: the server says what it is
  }
}

function pause() {
  const calm = performance.now() - started < FAST_FOR ? FAST : SLOW;
  const wait = Math.min(LONGEST, calm * 2 ** failures);
  return wait * (0.8 + 0.4 * Math.random());
}

async function look() {
  clearTimeout(timer);
  if (sending()) {
    timer = setTimeout(look, SLOW);
    return;
  }
  asking ??= ask().catch(() => { failures += 1; });
  await asking;
  asking = null;
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, pause());
}

function lookNow() {
  if (document.hidden) clearTimeout(timer);
  else look();
}

document.addEventListener("submit", () => {
  sent = performance.now();
  question?.abort();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) sent = -Infinity;
});
document.addEventListener("visibilitychange", lookNow);
window.addEventListener("online", lookNow);
window.addEventListener("focus", lookNow);
window.addEventListener("offline", () => { offline.hidden = false; });

const countdown = document.querySelector("[data-expires-in]");
const renewal = document.querySelector("form[data-renew=auto]");
const status = document.querySelector("[role=status]");

if (countdown) {
  const end = started + 1000 * Number(countdown.dataset.expiresIn);
  const spoken = document.createElement("span");
  spoken.className = "hidden";
  status.append(spoken);
  let last = Infinity;

  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    countdown.textContent = left
      ? countdown.dataset.words.replace("{time}", clock)
      : countdown.dataset.over;
    countdown.classList.toggle("soon", left <= 10);
    const due = ANNOUNCED.find((second) => left <= second && second < last);
    if (due && left) spoken.textContent = countdown.dataset.announce.replace("{time}", left);
    last = left;
    if (left) setTimeout(tick, 1000);
    else over();
  };
  tick();
} else if (renewal) {
  over(); // shown when the code had run out already
}

async function over() {
  if (document.hidden) {
    document.addEventListener("visibilitychange", over, { once: true });
    return;
  }
  await look(); // the wallet may have answered meanwhile
  if (failures) setTimeout(over, SLOW);
  else if (renewal) renewal.requestSubmit();
  else follow();
}

timer = setTimeout(look, FAST);
