// Asks the wallet through the browser, where the browser can do that: by a click, for
// this page's own origin. Whatever does not work leads back to the page, which has the
// link and the code to scan.

const PROTOCOL = "openid4vp-v1-signed";
const able = typeof DigitalCredential !== "undefined"
  && typeof navigator.credentials?.get === "function"
  && (DigitalCredential.userAgentAllowsProtocol?.(PROTOCOL) ?? true);

async function post(url, fields) {
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function ask(form) {
  const csrf_token = new FormData(form).get("csrf_token");
  const { protocol, request, answer_to } = await post(form.action, { csrf_token });
  const credential = await navigator.credentials.get({
    mediation: "required",
    digital: { requests: [{ protocol, data: { request } }] },
  });
  if (credential.protocol !== protocol) throw new Error("another protocol");
  const { data } = credential;
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return post(answer_to, { csrf_token, data: text });
}

for (const form of document.querySelectorAll("form[data-dc-api]")) {
  form.hidden = !able;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // While the wallet is open no other form of the page goes out by itself.
    for (const other of document.forms) if (other !== form) other.dataset.sent = "yes";
    try {
      const { next } = await ask(form);
      location.assign(next);
    } catch {
      location.replace(form.dataset.dcApi);
    }
  });
}
