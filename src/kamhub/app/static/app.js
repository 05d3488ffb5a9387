// What the pages gain with a script; without it every form and link still works.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const toasts = document.getElementById("toasts");

  // Toasts: a sentence that goes by itself, or stays while it has a button.
  function toast(text, action) {
    const box = document.createElement("div");
    box.append(Object.assign(document.createElement("span"), { textContent: text }));
    if (action) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: action.label });
      button.addEventListener("click", () => { box.remove(); action.run(); });
      box.append(button);
    }
    toasts.replaceChildren(box);
    if (!action) setTimeout(() => box.remove(), 5000);
  }

  document.addEventListener("htmx:error", (event) => {
    const source = event.detail?.ctx?.sourceElement;
    if (source?.closest("[data-poll]")) return; // it asks again by itself
    const retry = source && { label: toasts.dataset.retry, run: () => source.matches("form") ? source.requestSubmit() : source.click() };
    toast(navigator.onLine ? toasts.dataset.failed : toasts.dataset.offline, retry);
  });
  // A part that fails says so where it stands, with the number to quote, and is asked for again; the rest goes on. What the
  // server answered is a page of its own, which has no place inside this one.
  function failed(context) {
    const source = context.sourceElement;
    const number = context.response.headers.get("x-request-id");
    const box = Object.assign(document.createElement("div"), { className: "panel grid justify-items-start gap-3" });
    box.setAttribute("role", "alert");
    box.dataset.partFailed = "";
    const sentence = Object.assign(document.createElement("p"), { textContent: toasts.dataset.part });
    const quote = Object.assign(document.createElement("p"), { className: "small", textContent: `${toasts.dataset.number} ${number}` });
    box.append(sentence, ...(number ? [quote] : []));
    if (source.matches("form, a, button")) { // what looks again by itself needs nobody to press a button
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: toasts.dataset.retry });
      button.addEventListener("click", () => source.matches("form") ? source.requestSubmit() : source.click());
      box.append(button);
    }
    context.target.querySelector("[data-part-failed]")?.remove();
    context.target.prepend(box);
  }
  document.addEventListener("htmx:before:swap", (event) => {
    const context = event.detail.ctx;
    const status = context?.response?.status;
    if (!context?.target || !(status >= 500 || status === 429)) return;
    event.preventDefault();
    failed(context);
  });
  // What looks again by itself does so only while somebody can see it.
  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && event.detail?.ctx?.sourceElement?.dataset.poll === "seen") event.preventDefault();
  });
  document.addEventListener("toast", (event) => toast(event.detail.value ?? event.detail));

  // Dialogs: <button data-dialog-open="id">, <button data-dialog-close>; a click beside the dialog closes it.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) document.getElementById(opener.dataset.dialogOpen).showModal();
    else if (event.target.closest("[data-dialog-close]") || event.target.matches("dialog[open]")) event.target.closest("dialog").close();
  });

  // A form that must not be sent twice by an impatient second click.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-once]")) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
    all("button[type=submit]", event.target).forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  // Who signs out takes along the manifests that were kept for boarding without a connection.
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/signout") window.caches?.delete("boarding");
  });
  window.addEventListener("pageshow", () => all("[data-once]").forEach((form) => {
    delete form.dataset.sent;
    all("button[type=submit]", form).forEach((button) => button.removeAttribute("aria-disabled"));
  }));

  // The open section of a navigation that scrolls is brought into sight.
  all("nav [aria-current=page]").forEach((link) => {
    const row = link.closest("nav");
    const [inner, outer] = [link.getBoundingClientRect(), row.getBoundingClientRect()];
    if (row.scrollWidth > row.clientWidth) row.scrollLeft += inner.left - outer.left - (row.clientWidth - inner.width) / 2;
    if (row.scrollHeight > row.clientHeight) row.scrollTop += inner.top - outer.top - (row.clientHeight - inner.height) / 2;
  });

  // Countdown of a hold, by the server's clock: what counts is how long the page has been open.
  const RELOAD_AFTER_MS = 1500;
  function countdown(box) {
    const left = box.querySelector("[data-left]");
    const say = box.querySelector("[data-say]");
    const opened = performance.now();
    const whole = new Date(box.dataset.until) - new Date(box.dataset.now);
    const marks = [[5, box.dataset.five], [1, box.dataset.one]].filter(([minutes]) => minutes * 60000 < whole);
    const tick = () => {
      if (!box.isConnected) return;
      const seconds = Math.max(0, Math.ceil((whole - (performance.now() - opened)) / 1000));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      box.dataset.tone = seconds <= 120 ? "warm" : "sea";
      while (marks.length && seconds <= marks[0][0] * 60) say.textContent = marks.shift()[1];
      if (seconds > 0) setTimeout(tick, 250);
      else setTimeout(() => location.reload(), RELOAD_AFTER_MS);
    };
    left.hidden = false;
    tick();
  }
  // A page that comes out of the back-forward cache shows an old clock.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.querySelector("[data-countdown]")) location.reload();
  });

  // Number with minus and plus.
  function stepper(box) {
    const input = box.querySelector("input");
    for (const button of all("[data-step]", box)) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const wanted = Number(input.value || 1) + Number(button.dataset.step);
        input.value = Math.min(Number(input.max), Math.max(Number(input.min), wanted));
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
  }

  // Places: a combobox (ARIA 1.2) over /api/places; the slug of what was chosen is sent instead of its name.
  const TYPING_PAUSE_MS = 180;
  function place(box) {
    const input = box.querySelector("input");
    const list = Object.assign(document.createElement("ul"), { className: "options", id: `${input.id}-options`, hidden: true });
    const language = document.documentElement.lang;
    let chosen = { name: input.value, slug: input.dataset.slug };
    let timer = 0;
    let asked = 0;

    input.removeAttribute("list");
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", box.querySelector("label").textContent);
    box.append(list);

    const current = () => list.querySelector("[aria-selected=true]");
    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const select = (option) => {
      current()?.setAttribute("aria-selected", "false");
      option?.setAttribute("aria-selected", "true");
      option?.scrollIntoView({ block: "nearest" });
      if (option) input.setAttribute("aria-activedescendant", option.id);
    };
    const choose = (option) => {
      input.value = option.dataset.name;
      chosen = { name: option.dataset.name, slug: option.dataset.slug };
      close();
    };
    const show = (places) => {
      list.replaceChildren(...places.map((found, index) => {
        const option = Object.assign(document.createElement("li"), { id: `${list.id}-${index}`, textContent: found.name[language] ?? found.name.ru });
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.slug = found.slug;
        option.dataset.name = option.textContent;
        return option;
      }));
      list.hidden = places.length === 0;
      input.setAttribute("aria-expanded", String(places.length > 0));
    };
    const ask = async () => {
      const turn = ++asked;
      try {
        const reply = await fetch(`/api/places?q=${encodeURIComponent(input.value.trim())}`, { headers: { Accept: "application/json" } });
        if (reply.ok && turn === asked && document.activeElement === input) show((await reply.json()).items.slice(0, 8));
      } catch { /* without a connection the field is a plain one */ }
    };

    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, TYPING_PAUSE_MS); });
    input.addEventListener("blur", () => { clearTimeout(timer); asked++; close(); });
    input.addEventListener("keydown", (event) => {
      const options = all("[role=option]", list);
      const at = options.indexOf(current());
      if (event.key === "ArrowDown" && list.hidden) { event.preventDefault(); ask(); }
      else if (event.key === "ArrowDown") { event.preventDefault(); select(options[(at + 1) % options.length]); }
      else if (event.key === "ArrowUp") { event.preventDefault(); select(options.at(at <= 0 ? -1 : at - 1)); }
      else if (event.key === "Enter" && !list.hidden && at >= 0) { event.preventDefault(); choose(options[at]); }
      else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
    });
    list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // keep the focus in the field
      const option = event.target.closest("[role=option]");
      if (option) choose(option);
    });
    input.form.addEventListener("formdata", (event) => {
      if (chosen.slug && input.value === chosen.name) event.formData.set(input.name, chosen.slug);
    });
    box.placeChoice = { get: () => ({ name: input.value, slug: input.value === chosen.name ? chosen.slug : "" }), set: (next) => { input.value = next.name; chosen = next; } };
  }

  function swapPlaces(button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const [from, to] = all("[data-place]", button.form).map((box) => box.placeChoice);
      const was = from.get();
      from.set(to.get());
      to.set(was);
    });
  }

  function enhance(root) {
    all("[data-countdown]", root).forEach(countdown);
    all("[data-stepper]", root).forEach(stepper);
    all("[data-place]", root).forEach(place);
    all("[data-swap-places]", root).forEach(swapPlaces);
    all("[data-dialog-open]", root).forEach((button) => { button.hidden = false; });
  }

  // After a swap: wake the new block, move a reader of the screen to its heading, keep the form's day in step.
  document.addEventListener("htmx:after:swap", (event) => {
    const target = document.getElementById(event.detail.ctx.target?.id);
    if (!target) return;
    enhance(target);
    target.querySelector("[data-focus]")?.focus({ preventScroll: true });
    const day = target.querySelector("[data-day][aria-current]");
    if (day) document.getElementById("search-date").value = day.dataset.day;
  });

  enhance(document);
})();
