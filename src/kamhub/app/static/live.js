// Parts of a page that follow what happens: [data-live] holds the id of what it shows, [data-live-url] is asked for its
// present form. Without a script, or without a connection, the page is as it was made.
(() => {
  "use strict";

  const TOGETHER_MS = 250; // what comes at once is asked for once
  const AT_A_TIME = 6;
  const TOPICS = ["departure", "asset"];
  const due = new Set();
  let timer = 0;

  const parts = (id) => [...document.querySelectorAll("[data-live]")].filter((part) => id === null || part.dataset.live === id);

  async function ask(url) {
    try {
      const reply = await fetch(url, { headers: { Accept: "text/html" } });
      if (reply.ok && !reply.redirected) return new DOMParser().parseFromString(await reply.text(), "text/html");
    } catch { /* the next change, or the next connection, asks again */ }
    return null;
  }

  function put(fresh, part) {
    if (!fresh || !part.isConnected || fresh.isEqualNode(part)) return;
    // Whoever reads with the keyboard stays where they were.
    const at = [...part.querySelectorAll("a, button")].indexOf(document.activeElement);
    part.replaceWith(fresh);
    if (at >= 0) [...fresh.querySelectorAll("a, button")][at]?.focus({ preventScroll: true });
  }

  async function renew(part) {
    const page = await ask(part.dataset.liveUrl);
    put(page?.body.firstElementChild, part);
  }

  // Everything may have changed: one request for the whole page, of which the parts are taken.
  async function renewAll() {
    const page = await ask(location.href);
    if (!page) return;
    for (const part of parts(null)) {
      const fresh = page.querySelector(`[data-live-url="${part.dataset.liveUrl}"]`);
      if (fresh) put(fresh, part);
      else await renew(part); // it has come to this page since
    }
  }

  async function renewDue() {
    const wanted = new Set();
    const all = due.has(null);
    for (const id of due) parts(id).forEach((part) => wanted.add(part));
    due.clear();
    if (all) return renewAll();
    const queue = [...wanted];
    await Promise.all(Array.from({ length: Math.min(AT_A_TIME, queue.length) }, async () => {
      while (queue.length) await renew(queue.shift());
    }));
  }

  function changed(id) {
    due.add(id);
    clearTimeout(timer);
    timer = setTimeout(renewDue, TOGETHER_MS);
  }

  if (!window.EventSource) return;
  let stream = null;
  const watch = () => {
    if (stream || document.hidden || !parts(null).length) return;
    stream = new EventSource("/api/events");
    stream.addEventListener("resync", () => changed(null));
    for (const topic of TOPICS) stream.addEventListener(topic, (event) => {
      const id = JSON.parse(event.data).id;
      if (id === null || parts(id).length) changed(id);
    });
  };
  // A page that nobody sees asks for nothing; seen again, it catches up.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { stream?.close(); stream = null; }
    else watch();
  });
  document.addEventListener("live:added", watch);
  window.addEventListener("pagehide", () => { stream?.close(); stream = null; });
  window.addEventListener("pageshow", watch);
  watch();
})();
