// The page reads well without this: it keeps the page as the store is. Whichever
// side goes away, the page connects again, and is sent all that it shows.
"use strict";

const connection = document.getElementById("connection");
const silence = 25000; // ms; the server says something every 10 s
let source = null;
let heard = 0;

function live() {
  heard = Date.now();
  connection.hidden = true;
}

// show replaces the sections that have changed, so that the others stay as a reader
// has them.
function show(event) {
  live();
  const next = document.createElement("template");
  next.innerHTML = JSON.parse(event.data);
  for (const section of [...next.content.children]) {
    const shown = document.getElementById(section.id);
    if (shown.innerHTML !== section.innerHTML) shown.replaceWith(section);
  }
}

function connect() {
  if (source) source.close();
  heard = Date.now();
  source = new EventSource(document.body.dataset.events);
  source.onopen = live;
  source.onmessage = show;
  source.addEventListener("beat", live);
  source.onerror = () => { connection.hidden = false; };
}

// A browser connects again by itself, but not after an answer that is no stream, and
// it does not see that a machine has vanished.
setInterval(() => {
  if (!source) return;
  const gone = Date.now() - heard > silence;
  if (gone) connection.hidden = false;
  if (gone || source.readyState === EventSource.CLOSED) connect();
}, 2000);

// A page that nobody sees asks for nothing: a browser has six connections for all.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    connect();
  } else if (source) {
    source.close();
    source = null;
  }
});

connect();
