// What moves on the desk's pages: the live line, and keys. Everything else works without it.

"use strict";

const token = document.body.dataset.token;

// The parts of the page that change, fetched anew as the whole page and put in place. What somebody is typing in stays.
async function refresh() {
  const parts = [...document.querySelectorAll("[data-live]")];
  const asked = new URLSearchParams(location.search);
  if (!parts.length || asked.has("cursor") || asked.has("before")) return;
  const address = new URL(location.href);
  address.searchParams.delete("done");
  const unseen = document.hidden ? { "X-Unseen": "1" } : {};
  const wasAtEnd = innerHeight + scrollY > document.documentElement.scrollHeight - 120;
  const answer = await fetch(address, { headers: { Accept: "text/html", ...unseen } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of parts) {
    const now = page.getElementById(old.id);
    if (!now || isBusy(old) || bare(old) === bare(now)) continue;
    const open = new Set([...old.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent));
    const said = bare(old, "text") !== bare(now, "text");
    old.replaceWith(document.adoptNode(now));
    for (const summary of now.querySelectorAll("details > summary")) {
      if (open.has(summary.textContent)) summary.parentElement.open = true;
    }
    if (said) now.classList.add("fresh");
    offersAll();
    if (said && wasAtEnd && now.id === "transcript") scrollTo(0, document.documentElement.scrollHeight);
  }
}

// Whether somebody has typed, or is about to.
function isBusy(part) {
  if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
  const isChosen = (field) => field.value !== ([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.value;
  return [...part.querySelectorAll("textarea, select, input:not([type=hidden])")].some((field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    return field.matches("select") ? isChosen(field) : field.value !== field.defaultValue;
  });
}

// A part as it is compared: how long ago something was is no news.
function bare(part, how) {
  const copy = part.cloneNode(true);
  copy.classList.remove("fresh");
  for (const summary of copy.querySelectorAll("details[open]")) summary.removeAttribute("open");
  for (const token of copy.querySelectorAll("input[name=token]")) token.remove(); // written otherwise on every page
  if (how === "text") for (const moving of copy.querySelectorAll("time, .clock, form")) moving.remove();
  return how === "text" ? copy.textContent : copy.innerHTML;
}

// Soon, and where much changes less and less often: not everybody who looks should ask at once, nor all the time.
let waiting = null;
let pause = 100;
let asked = 0;
function soon() {
  if (waiting || document.hidden) return;
  const calm = Date.now() - asked;
  if (calm > 3000) pause = 100;
  waiting = setTimeout(async () => {
    asked = Date.now();
    pause = Math.min(pause * 2, 2000);
    waiting = null;
    await refresh().catch(() => {});
  }, Math.max(pause - calm, 20 + Math.random() * 20));
}

// Whether something on this page is about what changed; where it is not said what, it may be anything.
function concerns(topics) {
  const watched = [...document.querySelectorAll("[data-live]")].flatMap((part) => part.dataset.live.split(" "));
  return !topics?.length || topics.some((topic) => watched.includes(topic));
}

// The live line: a ticket opens one connection; a lost one is opened again, later and later.
let patience = 1000;
async function listen() {
  try {
    const answer = await fetch("/live-ticket", { method: "POST", headers: { "X-Form-Token": token } });
    if (answer.status === 401 || answer.status === 403) return;
    if (!answer.ok) throw new Error("no ticket");
    const { ticket } = await answer.json();
    const address = new URL("/ws/notifications/", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("ticket", ticket);
    address.searchParams.set("changes", "true");
    const line = new WebSocket(address);
    line.onmessage = (event) => {
      const said = JSON.parse(event.data);
      if (said.type === "connection_established") {
        document.documentElement.dataset.live = "on";
        if (patience > 1000) soon();
        patience = 1000;
      } else if (said.type === "changed") {
        if (concerns(said.topics)) soon();
        else if (said.topics.includes("conversations")) someoneWrote();
      } else if (said.type === "typing") someoneTypes(said);
      else if (said.type !== "pong") soon();
    };
    line.onclose = (event) => {
      delete document.documentElement.dataset.live;
      if (event.code !== 4401) again();
    };
  } catch {
    again();
  }
}

// How many conversations wait is on every page; where nothing else changed, it is counted anew now and then.
const conversation = document.querySelector("[data-conversation]")?.dataset.conversation;
let looked = 0;
function someoneWrote() {
  if (looked > Date.now()) return;
  const wait = Math.max(0, looked + 10000 - Date.now());
  looked = Date.now() + wait;
  setTimeout(soon, wait);
}

let typed = null;
function someoneTypes(said) {
  const place = document.getElementById("typing");
  if (!place || conversation !== String(said.conversation)) return;
  place.textContent = place.dataset.says.replace("%", said.name);
  clearTimeout(typed);
  typed = setTimeout(() => { place.textContent = ""; }, 6000);
}

let toldTyping = 0;
document.querySelector("[data-typing] textarea")?.addEventListener("input", () => {
  if (Date.now() - toldTyping < 3000) return;
  toldTyping = Date.now();
  fetch(`/inbox/${conversation}/typing`, { method: "POST", headers: { "X-Form-Token": token } }).catch(() => {});
});

function again() {
  setTimeout(listen, patience);
  patience = Math.min(patience * 2, 60000);
}

if (token && document.querySelector("[data-live]")) {
  listen();
  setInterval(() => { if (!document.hidden) soon(); }, 60000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
}

// Keys: ? shows them, / searches, g and a letter goes somewhere.
let before = "";
document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, textarea, select, [contenteditable]");
  if (!token || field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const key = event.key;
  if (before === "g" && /^[a-z]$/.test(key)) {
    document.querySelector(`[data-go="${key}"]`)?.click();
  } else if (key === "/") {
    const search = document.getElementById("q");
    if (search) search.focus();
    else location.assign("/tickets");
    event.preventDefault();
  } else if (key === "?") {
    document.getElementById("keys")?.showModal();
  }
  before = key === "g" ? "g" : "";
});

// Everything in the list is chosen at once. Shown where there is a script for it.
function offersAll() {
  const all = document.getElementById("choose-all");
  if (all) all.hidden = false;
}
offersAll();
document.addEventListener("change", (event) => {
  if (event.target.id !== "choose-all") return;
  for (const one of document.querySelectorAll("input[name=ticket]")) one.checked = event.target.checked;
});

// On a small screen the filters stand behind their title.
const filters = document.querySelector("details.filters");
if (filters && matchMedia("(max-width: 48rem)").matches) filters.open = false;

// Where the navigation is wider than the screen, it stands where one is.
for (const here of document.querySelectorAll(".top nav [aria-current], .tabs [aria-current]")) {
  const row = here.closest("ul");
  if (row.scrollWidth > row.clientWidth) row.scrollLeft += here.getBoundingClientRect().x - row.getBoundingClientRect().x;
}

// Where something was refused, one is taken there.
const refused = document.querySelector("[aria-invalid], .error[role=alert]");
if (refused) {
  refused.closest("details")?.setAttribute("open", "");
  if (refused.matches("input, textarea, select")) refused.focus();
  else refused.scrollIntoView({ block: "center" });
}
