// What moves on a wall: its board, and whether what it shows is still so. And the door, which takes the link's secret.

"use strict";

// In a block of its own: at the door the desk's script stands beside it, and has names of its own.
{

// The secret stands behind the # of the link, where no request carries it; it leaves the address before it is sent.
const door = document.getElementById("wall-enter");
if (door && location.hash.length > 1) {
  door.elements.secret.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  door.submit();
}

const board = document.getElementById("board");
const own = document.querySelector("script[src*='wall.js']").getAttribute("src");
// Three words that did not come are no accident any more.
const SILENCE = 15000;
let heard = 0;
let line = null;
let patience = 1000;

// A word of the server: what it says was so at that time.
function word(event) {
  const said = JSON.parse(event.data);
  if (said.script !== own) return location.reload(); // another version serves now
  if (said.board !== undefined) {
    const parts = new DOMParser().parseFromString(said.board, "text/html").body.childNodes;
    board.replaceChildren(...[...parts].map((part) => document.adoptNode(part)));
  }
  document.getElementById("word").textContent = said.at;
  document.documentElement.dataset.live = "on";
  heard = Date.now();
  patience = 1000;
}

function listen() {
  line = new EventSource("/wall/live");
  line.addEventListener("board", word);
  line.addEventListener("beat", word);
  line.addEventListener("over", () => { lost(); leave(); });
  line.onerror = lost;
}

// Nothing is heard: that is said at once, and the line is opened again, later and later.
function lost() {
  if (!line) return;
  line.close();
  line = null;
  delete document.documentElement.dataset.live;
  setTimeout(again, patience);
  patience = Math.min(patience * 2, 15000);
}

async function again() {
  const answer = await fetch("/wall", { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.status === 401) leave();
  else listen();
}

// The link holds no more: the page says so. It is left only for one that is there.
function leave() {
  location.replace("/wall");
}

if (board) {
  listen();
  setInterval(() => { if (line && heard && Date.now() - heard > SILENCE) lost(); }, 1000);
}
}
