// Faults, a tenth of the traces and of the visits, told to Sentry by way of our own server; in the page only when there is
// a project to tell. Everything goes through one door, the transport below, and is made anew there from a list of what is
// kept: of addresses their fixed words and ids, of errors their kind and place, of a replay its shape with every text masked.
(() => {
  "use strict";

  const page = document.currentScript.dataset;
  const WORD = /^(?:[a-z][a-z-]{0,30}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
  const FILE = /^\/static\/[\w./-]+$/;

  const only = (source, names) => Object.fromEntries(names.filter((name) => source?.[name] != null).map((name) => [name, source[name]]));
  const list = (held) => (Array.isArray(held) ? held : held?.values ?? []);
  const masked = (text) => String(text ?? "").replace(/\S/g, "*");

  // An address without its query, its fragment, and whatever of it is neither a word of ours nor an id.
  function place(address) {
    let path;
    try { path = new URL(address, location.origin).pathname; } catch { return "/*"; }
    if (FILE.test(path)) return path;
    return path.split("/").map((part) => (part === "" || WORD.test(part) ? part : "*")).join("/");
  }
  const whole = (address) => location.origin + place(address);

  const crumb = (step) => ({
    ...only(step, ["timestamp", "category", "level", "type"]),
    data: {
      ...only(step.data, ["method", "status_code", "nodeId"]),
      ...(step.data?.url && { url: place(step.data.url) }),
      ...(step.data?.from && { from: place(step.data.from) }),
      ...(step.data?.to && { to: place(step.data.to) }),
    },
  });

  const fault = (error) => ({
    ...only(error, ["type"]),
    mechanism: only(error.mechanism, ["type", "handled"]),
    stacktrace: {
      frames: (error.stacktrace?.frames ?? []).map((frame) => ({
        ...only(frame, ["function", "lineno", "colno", "in_app"]),
        filename: whole(frame.filename ?? ""),
      })),
    },
  });

  const TRACE = ["trace_id", "span_id", "parent_span_id", "op", "status", "origin", "start_timestamp", "timestamp"];
  const span = (part) => ({ ...only(part, TRACE), ...(part.op?.startsWith("resource") || part.op?.startsWith("http") ? { description: place((part.description ?? "").split(" ").pop()) } : {}) });

  const about = (event) => ({
    ...only(event, ["event_id", "timestamp", "start_timestamp", "platform", "level", "release", "environment", "type"]),
    sdk: only(event.sdk, ["name", "version"]),
    request: { url: whole(location.href) },
    tags: { request_id: page.request, organisation_id: page.organisation, replayId: event.tags?.replayId },
    ...(page.person && { user: { id: page.person } }),
    ...(event.contexts?.trace && { contexts: { trace: only(event.contexts.trace, TRACE) } }),
  });
  const event = (told) => ({
    ...about(told),
    transaction: place(location.href),
    exception: { values: list(told.exception).map(fault) },
    breadcrumbs: list(told.breadcrumbs).map(crumb),
  });
  const transaction = (told) => ({
    ...about(told),
    transaction: place(location.href),
    transaction_info: { source: "url" },
    measurements: told.measurements,
    spans: (told.spans ?? []).map(span),
  });
  const replay = (told) => ({
    ...about(told),
    ...only(told, ["replay_id", "replay_start_timestamp", "segment_id", "replay_type", "error_ids", "trace_ids"]),
    urls: (told.urls ?? []).map(whole),
  });

  // Recordings (rrweb): a tree of the page, then what happened to it.
  const ATTRIBUTES = new Set(("class id type role tabindex hidden disabled open checked dir lang rel media name viewBox d x y x1 y1 x2 y2 cx cy r rx ry "
    + "width height fill stroke stroke-width stroke-linecap stroke-linejoin fill-rule opacity transform points colspan rowspan "
    + "aria-hidden aria-expanded aria-selected aria-current aria-live data-variant data-size data-tone rr_width rr_height").split(" "));
  const ADDRESSES = new Set(["href", "src", "action"]);
  const attributes = (held) => Object.fromEntries(Object.entries(held ?? {}).flatMap(([name, value]) => {
    if (ATTRIBUTES.has(name)) return [[name, value]];
    return ADDRESSES.has(name) && typeof value === "string" ? [[name, whole(value)]] : [];
  }));
  const node = (held) => ({
    ...only(held, ["type", "id", "tagName", "isSVG", "rootId", "publicId", "systemId", "isStyle"]),
    ...(held.type === 1 && { name: "html" }),
    ...(held.attributes && { attributes: attributes(held.attributes) }),
    ...(held.textContent != null && { textContent: held.isStyle ? "" : masked(held.textContent) }),
    ...(held.childNodes && { childNodes: held.childNodes.map(node) }),
  });
  const MOVES = new Set([1, 2, 3, 4, 6, 7, 14]); // numbers alone: pointer, scroll, size of the window, selection
  function change(data) {
    if (MOVES.has(data.source)) return data;
    if (data.source === 5) return { ...only(data, ["source", "id", "isChecked"]), text: masked(data.text) };
    if (data.source !== 0) return null;
    return {
      source: 0,
      texts: (data.texts ?? []).map((text) => ({ id: text.id, value: masked(text.value) })),
      attributes: (data.attributes ?? []).map((part) => ({ id: part.id, attributes: attributes(part.attributes) })),
      removes: (data.removes ?? []).map((gone) => only(gone, ["parentId", "id"])),
      adds: (data.adds ?? []).map((added) => ({ ...only(added, ["parentId"]), nextId: added.nextId ?? null, node: node(added.node) })),
    };
  }
  function custom(data) {
    if (data.tag === "options") return data;
    if (data.tag === "breadcrumb") return { tag: data.tag, payload: crumb(data.payload) };
    if (data.tag !== "performanceSpan") return null;
    return { tag: data.tag, payload: { ...only(data.payload, ["op", "startTimestamp", "endTimestamp"]), description: place(data.payload.description) } };
  }
  const BY_TYPE = {
    0: () => ({}),
    1: () => ({}),
    2: (data) => ({ node: node(data.node), initialOffset: data.initialOffset }),
    3: change,
    4: (data) => ({ ...only(data, ["width", "height"]), href: whole(data.href) }),
    5: custom,
  };
  const moment = (told) => {
    const data = BY_TYPE[told.type]?.(told.data ?? {});
    return data && { ...only(told, ["type", "timestamp"]), data };
  };
  function recording(payload) {
    const text = typeof payload === "string" ? payload : new TextDecoder().decode(payload);
    const end = text.indexOf("\n");
    return new TextEncoder().encode(`${text.slice(0, end)}\n${JSON.stringify(JSON.parse(text.slice(end + 1)).map(moment).filter(Boolean))}`);
  }

  const KINDS = { event, transaction, replay_event: replay, replay_recording: recording };
  function kept([header, payload]) {
    const made = KINDS[header.type]?.(payload);
    return made && [{ type: header.type, ...(header.type === "replay_recording" && { length: made.length }) }, made];
  }
  function scrubbed([header, items]) {
    const trace = header.trace && only(header.trace, ["trace_id", "public_key", "sample_rate", "sampled", "release", "environment", "replay_id"]);
    return [{ ...only(header, ["event_id", "sent_at", "dsn"]), ...(trace && { trace }) }, items.map(kept).filter(Boolean)];
  }
  // What cannot be made anew is not sent.
  function transport(options) {
    const wire = window.Sentry.makeFetchTransport(options);
    const send = (envelope) => {
      const made = scrubbed(envelope);
      return made[1].length ? wire.send(made) : Promise.resolve({});
    };
    return { send: async (envelope) => { try { return await send(envelope); } catch { return {}; } }, flush: (timeout) => wire.flush(timeout) };
  }

  window.Sentry.init({
    dsn: page.dsn,
    tunnel: "/api/monitoring",
    environment: page.environment,
    release: page.release,
    transport,
    traceLifecycle: "static",
    tracesSampleRate: 0.1,
    replaysSessionSampleRate: 0.1,
    replaysOnErrorSampleRate: 1,
    sendClientReports: false,
    // Nobody but our own server is told the numbers of our traces.
    tracePropagationTargets: [/^\/(?!\/)/],
    dataCollection: { userInfo: false, cookies: false, httpHeaders: false, httpBodies: [], urlQueryParams: false, stackFrameVariables: false },
    integrations: (usual) => [
      ...usual.filter((part) => part.name !== "BrowserSession"),
      window.Sentry.browserTracingIntegration(),
      // Packed by nobody: a worker made of text is more than our pages allow, and what is packed cannot be looked through.
      // The style sheet is fetched by whoever looks at the replay, instead of being sent with every picture of a page.
      window.Sentry.replayIntegration({ maskAllText: true, maskAllInputs: true, blockAllMedia: true, useCompression: false, inlineStylesheet: false }),
    ],
  });
})();
