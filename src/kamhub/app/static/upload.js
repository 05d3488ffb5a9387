// Files on their way, each with how far it is: first of the sending, then of the reading, which live.js follows. Without a
// script the form sends them all at once.
(() => {
  "use strict";

  const AT_A_TIME = 2;
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const list = document.getElementById("uploads");
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const said = document.getElementById("upload-said");
  const words = form.dataset;
  const queue = [];
  let running = 0;

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const say = (file, sentence) => { said.textContent = `${file.name}: ${sentence}`; };

  // What can be told before anything is sent; the server judges again.
  function fault(file) {
    if (file.size === 0) return words.empty;
    if (file.size > Number(words.most)) return words.tooLarge;
    const ending = file.name.split(".").pop().toLowerCase();
    return file.name.includes(".") && !words.extensions.split(" ").includes(ending) ? words.kind : null;
  }

  function line(file) {
    const state = make("span", { className: "text-muted-foreground", textContent: words.waiting });
    const meter = make("progress", { className: "meter", max: 100, value: 0 });
    meter.setAttribute("aria-label", words.progress.replace("{name}", file.name));
    const name = make("span", { className: "min-w-0 font-medium wrap-anywhere", textContent: file.name });
    const head = make("p", { className: "flex min-h-11 flex-wrap items-center justify-between gap-x-4 text-sm" }, name, state);
    const box = make("li", { className: "grid gap-2 border-t border-border py-4 first:border-0" }, head, meter);
    return { box, state, meter };
  }

  function refuse(job, sentence, again) {
    job.state.textContent = "";
    job.meter.remove();
    const text = make("p", { className: "error wrap-anywhere", textContent: sentence });
    job.box.append(text);
    say(job.file, sentence);
    if (!again) return;
    const button = make("button", { type: "button", className: "btn w-fit", textContent: words.retry });
    button.dataset.variant = "outline";
    button.setAttribute("aria-label", `${words.retry}: ${job.file.name}`);
    button.addEventListener("click", () => {
      text.remove();
      button.remove();
      job.meter.value = 0;
      job.box.append(job.meter);
      enqueue(job);
    });
    job.box.append(button);
  }

  // The line becomes what the list of documents shows of it, and is followed from then on.
  async function handOver(job, id) {
    const reply = await fetch(`/office/knowledge/assets/${id}/row`, { headers: { Accept: "text/html" } });
    if (!reply.ok) throw new Error("no row");
    const row = new DOMParser().parseFromString(await reply.text(), "text/html").body.firstElementChild;
    document.getElementById(row.id)?.remove();
    job.box.replaceWith(row);
    document.dispatchEvent(new Event("live:added"));
  }

  function told(request) {
    try {
      const problem = JSON.parse(request.responseText);
      return problem.errors?.[0]?.message ?? problem.detail ?? problem.title ?? words.lost;
    } catch { return words.lost; }
  }

  async function answered(job, request) {
    if (request.status === 429) { // so many are let in a minute; it goes on by itself
      job.state.textContent = words.waiting;
      setTimeout(() => enqueue(job), 1000 * Number(request.getResponseHeader("retry-after") || 5));
    } else if (request.status === 200 || request.status === 201) {
      await handOver(job, JSON.parse(request.responseText).id);
      say(job.file, request.status === 200 ? words.known : words.taken);
      if (request.status === 200) document.dispatchEvent(new CustomEvent("toast", { detail: `${job.file.name}: ${words.known}` }));
    } else refuse(job, told(request), request.status >= 500 || request.status === 0);
  }

  function send(job) {
    const request = new XMLHttpRequest();
    const body = new FormData();
    if (job.category) body.append("category_id", job.category);
    body.append("file", job.file, job.file.name);
    job.state.textContent = `${words.sending}…`;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) job.meter.value = (100 * event.loaded) / event.total;
    });
    return new Promise((done) => {
      request.addEventListener("loadend", () => {
        answered(job, request).catch(() => refuse(job, words.lost, true)).finally(done);
      });
      request.open("POST", "/api/assets");
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Accept-Language", document.documentElement.lang);
      request.setRequestHeader("X-CSRF-Token", form.elements.csrf_token.value);
      request.send(body);
    });
  }

  async function work() {
    running += 1;
    while (queue.length) await send(queue.shift());
    running -= 1;
  }

  function enqueue(job) {
    queue.push(job);
    if (running < AT_A_TIME) work();
  }

  function take(files) {
    const category = form.elements.category_id?.value ?? "";
    for (const file of files) {
      const job = { file, category, ...line(file) };
      list.hidden = false;
      list.append(job.box);
      const sentence = fault(file);
      if (sentence) refuse(job, sentence, false);
      else enqueue(job);
    }
  }

  function showChosen() {
    const chosen = drop.querySelector("[data-chosen]");
    chosen.textContent = Array.from(input.files, (file) => file.name).join(", ");
    chosen.hidden = !input.files.length;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(input.files);
    input.value = "";
    showChosen();
  });
  input.addEventListener("change", showChosen);
  drop.querySelector("[data-choose]").hidden = false;
  input.className = "sr-only";
  drop.querySelector("[data-drop-words]").hidden = false;
  drop.querySelector("[data-plain-words]").hidden = true;
  // A file that misses the place must not take the page away.
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  drop.addEventListener("dragover", () => { drop.dataset.over = ""; });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => { delete drop.dataset.over; });
  drop.addEventListener("drop", (event) => take(event.dataTransfer.files));
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
})();
