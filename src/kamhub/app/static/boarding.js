// Boarding at the bus. The page itself is the manifest: a scan is judged by it at once, noted in this browser, and sent
// when there is a connection; sending one twice does no harm.
(() => {
  "use strict";

  const root = document.getElementById("boarding");
  const words = root.dataset;
  const departure = words.departure;
  const find = (selector) => root.querySelector(selector);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const KEY = "boarding:";
  const CACHE = "boarding";
  const MOST_PAGES = 4;
  const RETRY_MS = 5000;
  const LOOK_AGAIN_MS = 20000;
  const PATIENCE_MS = 8000;
  const BETWEEN_LOOKS_MS = 150;
  const SAME_CODE_MS = 4000;

  // What this browser knows beyond the page: who boarded here, what is not sent yet, what was refused.
  const load = (id) => ({ queue: [], boarded: [], refused: {}, ...JSON.parse(localStorage.getItem(KEY + id) ?? "{}") });
  const save = (id, state) => localStorage.setItem(KEY + id, JSON.stringify(state));
  let mine = load(departure);
  const keep = () => save(departure, mine);

  const codeOf = (text) => text.trim().replace(/^kamhub:/i, "").replace(/[\s-]/g, "").toUpperCase();
  const partyOf = (code) => all("[data-party]").find((party) => party.dataset.code === code);
  const aboard = (party) => "on" in party.dataset || mine.boarded.includes(party.dataset.party);

  function show() {
    let people = 0;
    let boarded = 0;
    for (const party of all("[data-party]")) {
      const on = aboard(party);
      const seats = Number(party.dataset.seats);
      people += seats;
      boarded += on ? seats : 0;
      party.querySelector("[data-aboard]").hidden = !on;
      party.querySelector("[data-code-form]").hidden = on;
      const trouble = party.querySelector("[data-trouble]");
      trouble.textContent = mine.refused[party.dataset.party] ?? "";
      trouble.hidden = !trouble.textContent;
    }
    find("[data-counter]").textContent = words.count.replace("{b}", boarded).replace("{a}", people);
    const waits = find("[data-queue]");
    waits.hidden = mine.queue.length === 0;
    waits.textContent = words.waits.replace("{n}", mine.queue.length);
  }

  function say(tone, heading, lines) {
    const box = find("[data-answer]");
    const head = Object.assign(document.createElement("p"), { className: "text-2xl font-semibold", textContent: heading });
    box.replaceChildren(head, ...lines.filter(Boolean).map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    box.dataset.tone = tone;
    box.hidden = false;
    navigator.vibrate?.(tone === "good" ? 80 : [120, 80, 120]);
  }

  function textIn(party, selector) {
    const part = party.querySelector(selector)?.cloneNode(true);
    part?.querySelectorAll(".sr-only").forEach((one) => one.remove());
    return part?.textContent.replace(/\s+/g, " ").trim() ?? "";
  }

  function board(scanned) {
    const code = codeOf(scanned);
    const party = partyOf(code);
    if (!party) return say("bad", words.unknown, [code.slice(0, 60)]);
    const about = [textIn(party, "[data-name]"), textIn(party, "[data-ride]"), textIn(party, "[data-wish]")];
    if (aboard(party)) return say("warm", words.again, [...about, code]);
    mine.boarded.push(party.dataset.party);
    mine.queue.push(party.dataset.party);
    delete mine.refused[party.dataset.party];
    keep();
    say("good", words.boarded, [...about, textIn(party, "[data-due]")]);
    show();
    return flush();
  }

  // Sending: one after the other, of every departure this browser boarded.
  let sending = false;
  let connected = navigator.onLine;
  function connection(now) {
    connected = now;
    const tag = find("[data-connection]");
    tag.hidden = false;
    tag.dataset.tone = now ? "good" : "warm";
    tag.textContent = now ? words.online : words.offline;
  }

  async function call(method, path, token) {
    const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
    if (token) headers["X-CSRF-Token"] = token;
    return fetch(path, { method, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  }

  // True: settled, whatever came of it. False: to be tried later.
  async function send(id, state, token) {
    const reply = await call("POST", `/api/bookings/${id}/boarding`, token);
    if (reply.status === 401) { say("bad", words.refused, [words.signin]); return false; }
    if (reply.status >= 500 || reply.status === 429) return false;
    if (!reply.ok) {
      const problem = await reply.json();
      if (problem.code === "csrf_failed") return false;
      state.boarded = state.boarded.filter((one) => one !== id);
      state.refused[id] = problem.title;
      const party = root.querySelector(`[data-party="${id}"]`);
      say("bad", words.refused, [party ? textIn(party, "[data-name]") : id, problem.title]);
    }
    state.queue = state.queue.filter((one) => one !== id);
    return true;
  }

  const departures = () => Object.keys(localStorage).filter((key) => key.startsWith(KEY)).map((key) => key.slice(KEY.length));

  async function flush() {
    if (sending) return;
    const waiting = departures().filter((id) => (id === departure ? mine : load(id)).queue.length);
    if (!waiting.length) return;
    sending = true;
    try {
      const { csrf_token: token } = await (await call("GET", "/api/csrf-token")).json();
      for (const id of waiting) {
        const state = id === departure ? mine : load(id);
        for (const booking of [...state.queue]) {
          if (!await send(booking, state, token)) return;
          save(id, state);
          show();
        }
      }
      connection(true);
    } catch {
      connection(false);
    } finally {
      sending = false;
      show();
    }
  }

  // The page as the server has it now: bookings made in the meantime, and who was boarded by a colleague.
  async function lookAgain() {
    if (document.hidden) return;
    try {
      const reply = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!reply.ok || reply.redirected) return;
      await keepPage(reply.clone());
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("[data-parties]");
      const list = find("[data-parties]");
      if (fresh && !list.contains(document.activeElement)) list.replaceWith(fresh);
      connection(true);
    } catch {
      connection(false);
    }
    // What the server knows by now need not be remembered here.
    mine.boarded = mine.boarded.filter((id) => mine.queue.includes(id) || !find(`[data-party="${id}"][data-on]`));
    keep();
    show();
  }

  // Kept for a reload without a connection: this page, and the files it is made of.
  async function keepPage(reply) {
    if (!window.caches) return;
    const cache = await caches.open(CACHE);
    await cache.put(location.pathname, reply);
    const pages = (await cache.keys()).filter((kept) => kept.url.endsWith("/boarding"));
    await Promise.all(pages.slice(0, -MOST_PAGES).map((kept) => cache.delete(kept)));
  }

  async function keepFiles() {
    if (!navigator.serviceWorker || !window.caches) return;
    await navigator.serviceWorker.register("/office/departures/boarding-worker.js");
    const files = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")].map((one) => one.href ?? one.src);
    const fonts = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.endsWith(".woff2"));
    if (!("BarcodeDetector" in window)) files.push(new URL(words.decoder, location.href).href);
    const cache = await caches.open(CACHE);
    await cache.addAll([...new Set([...files, ...fonts])]);
  }

  // The camera.
  let stream = null;
  async function decoder() {
    if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async (video) => (await detector.detect(video))[0]?.rawValue;
    }
    await new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: words.decoder, onload: resolve, onerror: reject });
      document.head.append(script);
    });
    const canvas = document.createElement("canvas");
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    return async (video) => {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      if (!canvas.width) return null;
      paper.drawImage(video, 0, 0);
      const picture = paper.getImageData(0, 0, canvas.width, canvas.height);
      return window.jsQR(picture.data, picture.width, picture.height)?.data;
    };
  }

  function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    find("[data-video]").hidden = find("[data-stop]").hidden = true;
    find("[data-scan]").hidden = false;
  }

  async function scan() {
    const video = find("[data-video]");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      await video.play();
      video.hidden = find("[data-stop]").hidden = false;
      find("[data-scan]").hidden = true;
      const read = await decoder();
      let last = "";
      let since = 0;
      while (stream) {
        const text = await read(video).catch(() => null);
        if (text && (text !== last || Date.now() - since > SAME_CODE_MS)) board(text);
        if (text) [last, since] = [text, Date.now()];
        await new Promise((resolve) => { setTimeout(resolve, BETWEEN_LOOKS_MS); });
      }
    } catch {
      stop();
      const note = find("[data-camera-note]");
      note.textContent = words.nocamera;
      note.hidden = false;
    }
  }

  root.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-code-form]")) return;
    event.preventDefault();
    const field = event.target.elements.code;
    board(field.value);
    if (field.type === "text") { field.value = ""; field.focus(); }
  });
  if (navigator.mediaDevices?.getUserMedia) find("[data-camera]").hidden = false;
  find("[data-scan]").addEventListener("click", scan);
  find("[data-stop]").addEventListener("click", stop);
  window.addEventListener("online", () => { connection(true); flush().then(lookAgain); });
  window.addEventListener("offline", () => connection(false));
  window.addEventListener("pagehide", stop);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) flush().then(lookAgain); });
  setInterval(flush, RETRY_MS);
  setInterval(lookAgain, LOOK_AGAIN_MS);

  connection(connected);
  show();
  flush().then(lookAgain);
  keepFiles().then(() => { root.dataset.kept = "1"; }, () => { /* without it a reload needs a connection */ });
})();
