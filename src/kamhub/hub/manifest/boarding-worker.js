// Serves the page of boarding when there is no connection: what was shown last, with the files it needs.
const CACHE = "boarding";
const PAGE = /^\/office\/departures\/[0-9a-f-]{36}\/boarding$/;
const PATIENCE_MS = 4000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function kept(key) {
  return (await caches.open(CACHE)).match(key);
}

async function page(request, key) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    return await fetch(request, { signal: stop.signal });
  } catch (error) {
    const last = await kept(key);
    if (last) return last;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function asset(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const last = await kept(request);
    if (last) return last;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && PAGE.test(url.pathname)) event.respondWith(page(event.request, url.pathname));
  else if (url.pathname.startsWith("/static/")) event.respondWith(asset(event.request));
});
