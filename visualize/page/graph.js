"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { nodes, edges, boxes } = data, N = nodes.length;
  const $ = (id) => document.getElementById(id);
  const NS = "http://www.w3.org/2000/svg";
  const SHARED = 3, ROOM = 60, MOST = 600;  // uses drawn from one box; boxes at the start; boxes opened at once
  const svg = $("graph"), stage = $("stage"), root = document.documentElement;
  const world = document.createElementNS(NS, "g");
  svg.append(world);

  const make = (name, attributes, parent, text) => {
    const element = document.createElementNS(NS, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };
  const html = (name, parent, text, className) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    if (parent) parent.append(element);
    return element;
  };
  const short = (text, most) => { const c = [...String(text)]; return c.length > most ? c.slice(0, most - 1).join("") + "…" : c.join(""); };
  const pen = document.createElement("canvas").getContext("2d"), widths = new Map();
  const FONTS = { "": "12px", faint: "12px", label: "700 13px" };
  function width(text, kind) {
    const key = kind + text;
    if (!widths.has(key)) {
      pen.font = `${FONTS[kind]} ${getComputedStyle(document.body).fontFamily}`;
      widths.set(key, pen.measureText(text).width);
    }
    return widths.get(key);
  }
  function fitted(text, room, kind) {  // as much of a text as there is room for
    if (width(text, kind) <= room) return text;
    const c = [...text];
    let most = Math.max(1, Math.floor(c.length * room / width(text, kind)));
    while (most > 1 && width(c.slice(0, most).join("") + "…", kind) > room) most--;
    return c.slice(0, most).join("") + "…";
  }
  const counted = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
  const by = (shape) => (shape && shape.length ? shape.join("×") : "scalar");
  const bytes = (n) => { let u = 0; while (n >= 1000 && u < 3) { n /= 1000; u++; } return u ? `${Number(n.toPrecision(3))} ${["B", "kB", "MB", "GB"][u]}` : `${n} B`; };
  const sum = (kept) => Object.values(kept || {}).reduce((a, b) => a + b, 0);

  // ---- what there is: children of boxes, and the first op of each, which gives the order

  const children = boxes.map(() => []), members = boxes.map(() => []), order = new Float64Array(N + boxes.length).fill(Infinity);
  boxes.forEach((b, i) => { if (i) children[b.parent].push(i); });
  nodes.forEach((n, i) => { members[n.box].push(i); order[i] = i; });
  for (let b = boxes.length - 1; b >= 0; b--) {
    const inside = members[b].filter((i) => nodes[i].number);
    order[N + b] = Math.min(order[N + b], inside.length ? inside[0] : Infinity);
    if (order[N + b] === Infinity && members[b].length) order[N + b] = members[b][0];
    if (b) order[N + boxes[b].parent] = Math.min(order[N + boxes[b].parent], order[N + b]);
  }
  const open = new Set([0]);
  let withConstants = true, picked = null, path = null, found = new Set();
  const box = (id) => (id >= N ? boxes[id - N] : null);
  const nameOf = (id) => (box(id) ? title(box(id)) : nodes[id].name || nodes[id].label);
  const title = (b) => b.label + (b.kind === "repeat" ? ` × ${(b.count || 1).toLocaleString("en")}` : "") + (b.run ? ` (again, ${b.run.toLocaleString("en")})` : "");
  const kept = (id) => (box(id) ? box(id).kept || 0 : sum(nodes[id].kept));

  // Opens the closed boxes in sight that `may` be, as far as there is room; returns whether one is open now.
  function openLevel(room, may) {
    let shown = visibleCount(), changed = false;
    for (const b of closedInSight()) {
      const more = children[b].length + members[b].length - 1;
      if (!may(b) || shown + more > room) continue;
      shown += more;
      open.add(b);
      changed = true;
    }
    return changed;
  }
  // At the start: modules, level by level; what repeats only where it is small.
  function openFirst(room) {
    const whole = (b) => (boxes[b].ops || 0) + (boxes[b].kind === "module" ? 0 : children[b].length);
    while (openLevel(room, (b) => boxes[b].kind === "module" || whole(b) <= room / 2));
  }
  function closedInSight() {
    const seen = [];
    const look = (b) => { for (const c of children[b]) { if (open.has(c)) look(c); else seen.push(c); } };
    look(0);
    return seen.sort((a, b) => order[N + a] - order[N + b]);
  }
  function visibleCount() {
    let count = 0;
    const look = (b) => { count += members[b].length; for (const c of children[b]) { if (open.has(c)) look(c); else count += 1; } };
    look(0);
    return count;
  }
  function onlyWrapped() {  // a box that holds everything is open, unless it repeats
    for (let b = 0; ;) {
      const ops = members[b].some((i) => nodes[i].number);
      if (children[b].length !== 1 || ops || boxes[children[b][0]].kind !== "module") return;
      b = children[b][0];
      open.add(b);
    }
  }

  // ---- what is in sight: each node's box, edges between those, copies of shared leaves

  function scene() {
    const rep = new Int32Array(boxes.length).fill(-1);  // the closed box that hides a box's content, or −1
    boxes.forEach((b, i) => { if (i) rep[i] = rep[b.parent] >= 0 ? rep[b.parent] : open.has(i) ? -1 : i; });
    const seenAs = (i) => { const r = rep[nodes[i].box]; return r >= 0 ? N + r : i; };
    const shows = (i) => withConstants || !nodes[i].constant || nodes[i].kind === "failed";
    const pairs = new Map();
    for (const e of edges) {
      if (!shows(e.source) || !shows(e.target)) continue;
      const s = seenAs(e.source), t = seenAs(e.target);
      if (s === t) continue;
      const key = s * (N + boxes.length) + t;
      let pair = pairs.get(key);
      if (!pair) pairs.set(key, (pair = { s, t, edges: [] }));
      pair.edges.push(e);
    }
    const items = [], ids = new Map();
    const put = (item) => { items.push(item); ids.set(item.id, item); };
    const parent = (id) => { const p = box(id) ? box(id).parent : nodes[id].box; return p === 0 ? "" : "b" + (N + p); };
    const idOf = (id) => (id >= N ? "b" + id : "n" + id);
    const uses = new Map(), firsts = new Map();  // of leaves: how many read it, and the first of those
    for (const p of pairs.values()) if (p.s < N && !nodes[p.s].number && nodes[p.s].kind !== "module") {
      uses.set(p.s, (uses.get(p.s) || 0) + 1);
      if (!firsts.has(p.s) || order[p.t] < order[firsts.get(p.s)]) firsts.set(p.s, p.t);
    }
    // A shared leaf is drawn once, and as a copy for each other op; a closed box says that it reads it.
    reads.clear();
    for (const p of pairs.values()) if (uses.get(p.s) > SHARED && p.t >= N && firsts.get(p.s) !== p.t) {
      if (!reads.has(p.t)) reads.set(p.t, []);
      reads.get(p.t).push(nodes[p.s].label);
    }
    for (const id of visible(rep, shows)) {
      if (uses.get(id) > SHARED) continue;
      const isOpen = id >= N && open.has(id - N);
      // A leaf stands before all that read it: where a loop's box does, an op in it came first.
      const place = firsts.has(id) ? Math.min(order[id], order[firsts.get(id)] - 0.5) : order[id];
      put({ id: idOf(id), of: id, parent: parent(id), order: place, open: isOpen, ...size(id) });
    }
    const list = [];
    for (const p of pairs.values()) {
      let source = idOf(p.s);
      if (uses.get(p.s) > SHARED) {
        if (p.t >= N && firsts.get(p.s) !== p.t) continue;
        source = `${idOf(p.s)}@${p.t}`;
        put({ id: source, of: p.s, parent: parent(p.t), order: order[p.t] - 0.5, copy: firsts.get(p.s) !== p.t, ...size(p.s, firsts.get(p.s) !== p.t) });
      }
      list.push({ source, target: idOf(p.t), edges: p.edges });
    }
    return { items, ids, list };
  }
  const reads = new Map();
  function* visible(rep, shows) {
    for (let b = 0; b < boxes.length; b++) {
      if (rep[b] === b || (b && rep[b] < 0)) { if (withConstants || anyShown(b)) yield N + b; }
      if (rep[b] < 0) for (const i of members[b]) if (shows(i)) yield i;
    }
  }
  const shownInside = new Map();
  function anyShown(b) {
    if (!shownInside.has(b)) shownInside.set(b, members[b].some((i) => !nodes[i].constant || nodes[i].kind === "failed") || children[b].some(anyShown));
    return shownInside.get(b);
  }
  function lines(id) {  // the rows of a closed box: [text, class, gradient's size]
    const b = box(id);
    if (b) {
      const rows = [[title(b), "label"]];
      rows.push([[b.ops && counted(b.ops, "op"), b.parameters && counted(b.parameters, "parameter")].filter(Boolean).join(", ") || "nothing inside", "faint"]);
      rows.push([(b.first && b.kind !== "module" ? `${b.first === b.last ? "op" : "ops"} ${b.first.toLocaleString("en")}${b.first === b.last ? "" : ` to ${b.last.toLocaleString("en")}`} → ` : "gives ") + by(b.shape), "faint"]);
      if (reads.has(id)) rows.push([`reads ${reads.get(id).join(", ")}`, "faint"]);
      return rows;
    }
    const n = nodes[id];
    if (n.kind === "failed") return [[n.label, "label"], ...n.details.flatMap((d) => wrapped(d, 34)).slice(0, 8).map((t) => [t, ""])];
    const rows = [[n.name && n.name !== n.label ? `${n.name} = ${n.label}` : n.label, "label"]];
    if (n.formula) rows.push([n.formula, "faint"]);
    if (n.outputs) for (const o of n.outputs) rows.push([`${o.name}  ${by(o.shape)}`, ""]);
    else if (n.kind !== "module") rows.push([[by(n.shape), n.dtype].filter(Boolean).join(" "), "faint"]);
    if (n.value && !n.outputs) rows.push([`data  ${n.value.text}`, ""]);
    if (n.gradient) rows.push([`grad  ${n.gradient.text}`, "", strength(n.gradient)]);
    for (const d of (n.details || []).slice(0, 3)) rows.push([d, "faint"]);
    return rows;
  }
  const wrapped = (text, most) => { const out = [""]; for (const word of text.split(/\s+/)) { if ((out[out.length - 1] + " " + word).length > most && out[out.length - 1]) out.push(word); else out[out.length - 1] = (out[out.length - 1] + " " + word).trim(); } return out; };
  function size(id, copy) {
    if (copy) return { w: 130, h: 26 };
    const rows = lines(id), most = Math.max(...rows.map(([t, c]) => width(short(t, 60), c)));
    return { w: Math.max(92, Math.min(nodes[id] && nodes[id].kind === "failed" ? 290 : 216, most + (box(id) ? 40 : 20))), h: 12 + rows.length * 16 };
  }
  let least = Infinity, largest = 0;
  for (const n of nodes) { const s = norm(n.gradient); if (s > 0) { least = Math.min(least, s); largest = Math.max(largest, s); } }
  function norm(g) { return !g ? 0 : g.number !== undefined ? Math.abs(g.number) : g.rms || 0; }
  function strength(g) {
    const s = norm(g);
    if (!(s > 0)) return 0;
    return 0.08 + 0.62 * (largest > least ? (Math.log(s) - Math.log(least)) / (Math.log(largest) - Math.log(least)) : 1);
  }

  // ---- the drawing

  // Rows as wide as the screen: a portrait one has more of them.
  function shape() {
    const aspect = stage.clientWidth / Math.max(stage.clientHeight, 1), portrait = aspect < 0.9;
    Object.assign(LAYOUT, portrait ? { strip: 1.1, wanted: 0.7, fewest: 4 } : { strip: 3.2, wanted: 1.7, fewest: 5 });
    return portrait;
  }
  let now = null, extent = { w: 1, h: 1 };
  const elements = new Map();
  function draw() {
    hideTip();
    shape();
    now = scene();
    const drawn = layout({ items: now.items, edges: now.list });
    extent = drawn;
    elements.clear();
    world.replaceChildren();
    const groups = make("g", {}, world), lower = make("g", {}, world), upper = make("g", {}, world);
    const most = Math.max(1, ...now.items.filter((i) => !i.open).map((i) => kept(i.of)));
    const between = new Map(now.list.map((e) => [e.source + "\n" + e.target, e]));
    for (const link of drawn.links) drawLink(link, between, lower);
    const sorted = [...now.items].sort((a, b) => a.order - b.order || b.open - a.open || a.of - b.of);  // a box before what is in it
    for (const item of sorted) drawItem(item, item.open ? groups : upper, most);
    marks();
    drawMap();
    drawMemory();
  }
  function drawLink(link, between, layer) {
    const parts = link.targets.flatMap((t) => { const e = between.get(link.source + "\n" + t); return e ? e.edges : []; });
    const negative = parts.length > 0 && parts.every((e) => e.local < 0);
    const thin = parts.every((e) => e.constant);
    const g = make("g", { class: `edge${negative ? " minus" : ""}${thin ? " thin" : ""}` }, layer);
    make("path", { d: link.d }, g);
    if (link.head) make("path", { class: "head", d: `M${link.head[0] - 8},${link.head[1] - 4} l8,4 l-8,4 z` }, g);
    const uses = link.targets.length === 1 && parts.length && parts[0].target === now.ids.get(link.targets[0]).of ? parts.length : 1;
    if (link.head && uses > 1) make("text", { x: link.head[0] - 12, y: link.head[1] - 6, "text-anchor": "end" }, g, `${uses}×`);  // x·x
    make("path", { class: "wide", d: link.d }, g);
    g.addEventListener("pointerenter", (event) => showTip(event, edgeText(parts)));
    g.addEventListener("pointerleave", hideTip);
    const item = now.ids.get(link.source);
    link.from = item && item.of;
    link.to = link.targets.map((t) => now.ids.get(t).of);
    (elements.get("links") || elements.set("links", []).get("links")).push({ g, link });
  }
  const derivative = (e) => {
    const known = e.local !== undefined ? ` = ${Number(e.local.toPrecision(4))}` : "";
    return e.statement || (e.derivative ? `∂ = ${e.derivative}${known && e.derivative !== known.slice(3) ? known : ""}` : known ? `∂${known}` : "");
  };
  function edgeText(parts) {
    const said = parts.slice(0, 6).map((e) => `${nameOf(e.source)} (${by(nodes[e.source].outputs ? nodes[e.source].outputs[e.output || 0].shape : nodes[e.source].shape)}) → ${nodes[e.target].name || nodes[e.target].label}${e.argument ? ` (${e.argument})` : ""}\n${derivative(e) || (e.constant ? "no gradient flows here" : "")}`.trim());
    return said.join("\n") + (parts.length > 6 ? `\nand ${counted(parts.length - 6, "more edge")}` : "");
  }
  function drawItem(item, layer, most) {
    const id = item.of, b = box(id), n = b ? null : nodes[id];
    const kind = b ? "group" : n.kind, classes = ["box", kind];
    if (item.open) classes.push("opened");
    if (item.copy) classes.push("copy");
    if (n && (n.mark === "changed" || n.mark === "path")) classes.push("marked");
    if (n && n.constant && n.number && n.kind !== "failed") classes.push("free");
    const g = make("g", { class: classes.join(" "), tabindex: 0, role: "button", transform: `translate(${item.x},${item.y})`, "data-id": item.id }, layer);
    g.setAttribute("aria-label", b ? `${title(b)}, ${counted(b.ops || 0, "op")}, ${item.open ? "open" : "closed"}` : `${nameOf(id)}, ${n.label} ${n.value ? n.value.text : ""}`);
    if (b) g.setAttribute("aria-expanded", String(item.open));
    const round = b || n.number ? 8 : 0;
    if (b && !item.open) make("rect", { class: "shadow", x: 4, y: 4, width: item.w, height: item.h, rx: round }, g);
    make("rect", { class: "body", width: item.w, height: item.h, rx: round }, g);
    if (item.open) {
      make("text", { x: 10, y: 20, class: "label" }, g, fitted(title(b), item.w - 40, "label"));
      make("text", { x: item.w - 18, y: 21, class: "sign" }, g, "−");
    } else if (item.copy) {
      make("text", { x: 8, y: 17 }, g, fitted(`${n.label}, again`, item.w - 14, "")).append(make("title", {}, null, nameOf(id)));
    } else {
      lines(id).forEach(([text, name, heat], i) => {
        if (heat) make("rect", { class: "heat", x: 1, y: 7 + 16 * i, width: item.w - 2, height: 16, style: `fill: rgba(var(--heat), ${heat.toFixed(2)})` }, g);
        make("text", { x: 9, y: 19 + 16 * i, class: name }, g, fitted(short(text, 60), item.w - (b ? 32 : 16), name));
      });
      if (b) make("text", { x: item.w - 18, y: 20, class: "sign" }, g, "+");
      if (kept(id)) make("rect", { class: "kept", x: 2, y: item.h - 4, width: Math.max(1, (item.w - 4) * kept(id) / most), height: 3 }, g);
    }
    elements.set(item.id, g);
    g.addEventListener("pointerenter", (event) => { if (event.pointerType !== "touch" && !item.open) showTip(event, "", id); });
    g.addEventListener("pointerleave", hideTip);
  }

  // Opens or closes a box; what was under the finger stays where it is.
  function toggle(id, to) {
    const b = id - N, before = now.ids.get("b" + id), anchor = before && { x: before.x, y: before.y };
    if (to === undefined ? open.has(b) : !to) open.delete(b); else open.add(b);
    hideTip();
    draw();
    const after = now.ids.get("b" + id);
    if (anchor && after) { view.x += after.x - anchor.x; view.y += after.y - anchor.y; clampView(); place(); }
    const element = elements.get("b" + id);
    if (element) element.focus({ preventScroll: true });
  }
  // Opens all that a node is in, and moves it into the middle.
  function reveal(id) {
    let changed = false;
    for (let b = box(id) ? boxes[id - N].parent : nodes[id].box; b > 0; b = boxes[b].parent) if (!open.has(b)) { open.add(b); changed = true; }
    if (id < N && nodes[id].constant && !withConstants) { withConstants = $("constants").checked = true; changed = true; }
    if (changed) draw();
    const item = now.items.find((i) => i.of === id);
    if (!item) return;
    const scale = Math.max(view.k, 0.8), r = svg.getBoundingClientRect();
    view.k = Math.min(scale, 1.4);
    view.x = item.x + Math.min(item.w, r.width / view.k) / 2 - r.width / view.k / 2; view.y = item.y + Math.min(item.h, r.height / view.k) / 2 - r.height / view.k / 2;
    place();
  }

  // ---- paths to the loss, details

  let links = null;
  function adjacency() {
    if (links) return links;
    const pack = (from, to) => {
      const start = new Int32Array(N + 1), list = new Int32Array(edges.length);
      for (const e of edges) start[e[from] + 1]++;
      for (let i = 0; i < N; i++) start[i + 1] += start[i];
      const at = start.slice();
      for (const e of edges) list[at[e[from]]++] = e[to];
      return { start, list };
    };
    return (links = { out: pack("source", "target"), into: pack("target", "source") });
  }
  function reached(from, { start, list }) {
    const seen = new Uint8Array(N), stack = [...from];
    stack.forEach((i) => { seen[i] = 1; });
    while (stack.length) { const i = stack.pop(); for (let k = start[i]; k < start[i + 1]; k++) if (!seen[list[k]]) { seen[list[k]] = 1; stack.push(list[k]); } }
    return seen;
  }
  const results = nodes.flatMap((n, i) => (n.kind === "output" && !n.constant ? [i] : []));
  const loss = results.length ? results[results.length - 1] : N - 1;
  function pathFrom(i) {
    const { out, into } = adjacency(), down = reached([i], out), up = reached([loss], into);
    if (!down[loss]) return null;
    const on = new Uint8Array(N);
    for (let k = 0; k < N; k++) on[k] = down[k] & up[k];
    return on;
  }
  function marks() {
    const boxOn = new Set();
    if (path) for (let i = 0; i < N; i++) if (path[i]) for (let b = nodes[i].box; b > 0 && !boxOn.has(b); b = boxes[b].parent) boxOn.add(b);
    const on = (id) => path && (id >= N ? boxOn.has(id - N) : path[id]);
    world.classList.toggle("dim", Boolean(path));
    for (const item of now.items) {
      const c = elements.get(item.id).classList;
      c.toggle("onpath", Boolean(on(item.of)) && !item.open);
      c.toggle("picked", picked === item.of);
      c.toggle("found", found.has(item.of) || (item.of >= N && !item.open && hiddenHits.has(item.of)));
    }
    for (const { g, link } of elements.get("links") || []) g.classList.toggle("onpath", Boolean(on(link.from) && link.to.some(on)));
  }
  function pick(id) {
    hideTip();
    picked = id;
    path = id !== null && id < N ? pathFrom(id) : null;
    marks();
    drawMap();
    $("panel").hidden = id === null;
    if (id === null) return;
    $("kept").hidden = true;
    $("memory").setAttribute("aria-pressed", "false");
    $("what").textContent = nameOf(id);
    $("facts").replaceChildren(facts(id));
    const item = now.items.find((i) => i.of === id);
    if (item) inSight(item);
  }
  function inSight(item) {
    const r = svg.getBoundingClientRect(), low = innerWidth <= 760 && !$("panel").hidden ? $("panel").offsetHeight : 0;
    const w = r.width / view.k, h = (r.height - low) / view.k;
    if (item.x < view.x) view.x = item.x - 20;
    if (item.x + Math.min(item.w, w) > view.x + w) view.x = item.x + Math.min(item.w, w) - w + 20;
    if (item.y < view.y) view.y = item.y - 20;
    if (item.y + Math.min(item.h, h) > view.y + h) view.y = item.y + Math.min(item.h, h) - h + 20;
    place();
  }
  function facts(id) {
    const dl = html("dl"), say = (name, text, code) => { if (!text) return null; html("dt", dl, name); return html("dd", dl, text, code ? "code" : ""); };
    const b = box(id);
    if (b) {
      const around = []; for (let p = b.parent; p > 0; p = boxes[p].parent) around.unshift(title(boxes[p]));
      say("in", around.join(" / "));
      say("holds", [b.ops && counted(b.ops, "op"), b.parameters && counted(b.parameters, "parameter")].filter(Boolean).join(", "));
      say("gives", by(b.shape)); say("keeps for backward", b.kept && bytes(b.kept));
      const dd = html("dd", dl), button = html("button", dd, open.has(id - N) ? "Close this box" : "Open this box", "open");
      button.type = "button"; button.onclick = () => { toggle(id); pick(id); };
      return dl;
    }
    const n = nodes[id], around = [];
    for (let p = n.box; p > 0; p = boxes[p].parent) around.unshift(title(boxes[p]));
    say("kind", [n.number ? `op ${n.number.toLocaleString("en")}: ${n.label}` : n.kind, n.constant && "needs no gradient"].filter(Boolean).join(", "));
    say("formula", n.formula, true);
    if (n.kind !== "failed" && n.kind !== "module") say("shape", [`${by(n.shape)} ${n.dtype}`, n.device].filter(Boolean).join(", "));
    for (const o of n.outputs || [n]) {
      const called = n.outputs ? `${o.name} (${by(o.shape)}) ` : "";
      number(dl, called + "value", o.value, o.shape);
      number(dl, called + "gradient", o.gradient, o.shape, n.constant || n.kind === "module" ? "" : "not computed yet");
    }
    say("keeps for backward", n.kept && Object.entries(n.kept).map(([name, size]) => `${name}: ${bytes(size)}`).join("\n"));
    const { into } = adjacency();
    if (into.start[id + 1] > into.start[id]) for (const e of edges) if (e.target === id) say(`from ${nameOf(e.source)}${e.argument ? ` (${e.argument})` : ""}`, derivative(e) || (e.constant ? "no gradient flows here" : "–"), true);
    say("details", (n.details || []).join("\n")); say("in", around.join(" / ")); say("your code", n.line, true);
    if (path && id !== loss) { let count = -1; for (const x of path) count += x; say("path to the result", `${counted(count, "op")} from here to ${nameOf(loss)}, marked`); }
    return dl;
  }
  function number(dl, name, v, shape, otherwise) {
    if (!v) { if (otherwise) { html("dt", dl, name); html("dd", dl, otherwise); } return; }
    html("dt", dl, name);
    const dd = html("dd", dl, v.text, "code");
    if (v.not_finite) html("div", dd, `${Number((100 * v.not_finite).toPrecision(3))} % not finite`);
    if (v.zeros) html("div", dd, `${Number((100 * v.zeros).toPrecision(3))} % zeros`, "small");
    if (v.numbers) cells(dd, v.numbers, shape);
    if (v.counts && !(v.numbers && v.numbers.length < 12)) dd.append(histogram(v));
  }
  function histogram(v) {
    const chart = make("svg", { class: "chart", width: 270, height: 62, viewBox: "0 0 270 62" }), most = Math.max(...v.counts, 1), w = 270 / v.counts.length;
    v.counts.forEach((c, i) => { if (c) make("rect", { x: i * w, y: 46 - 44 * c / most, width: Math.max(0.5, w - 0.5), height: 44 * c / most }, chart); });
    make("line", { x1: 0, x2: 270, y1: 46.5, y2: 46.5 }, chart);
    make("text", { x: 0, y: 59 }, chart, v.low === null ? "" : v.low.toPrecision(3));
    make("text", { x: 270, y: 59, "text-anchor": "end" }, chart, v.high === null ? "" : v.high.toPrecision(3));
    return chart;
  }
  function cells(parent, list, shape) {
    const columns = shape && shape.length ? shape[shape.length - 1] : list.length, most = Math.max(...list.map((x) => Math.abs(x || 0))) || 1;
    if (columns > 16 || list.length / columns > 16) return;
    const table = html("table", parent, undefined, "cells");
    for (let i = 0; i < list.length; i += columns) {
      const tr = html("tr", table);
      for (const x of list.slice(i, i + columns)) {
        const td = html("td", tr, x === null ? "not finite" : String(Number(x.toPrecision(3))).replace("-", "−"));
        td.style.background = x < 0 ? `rgba(213, 94, 0, ${(0.55 * -x / most).toFixed(2)})` : `rgba(0, 114, 178, ${(0.5 * (x || 0) / most).toFixed(2)})`;
      }
    }
  }

  // ---- tooltips, memory, map

  function showTip(event, text, id) {
    const tip = $("tip"), r = stage.getBoundingClientRect();
    tip.replaceChildren();
    if (id !== undefined && id < N) {
      const n = nodes[id];
      const said = [nameOf(id) + (n.formula ? `: ${n.formula}` : ""), n.kind === "failed" ? (n.details || []).join("\n") : `${by(n.shape)} ${n.dtype}`, n.value && `value ${n.value.text}`, n.gradient ? `gradient ${n.gradient.text}` : "", n.kept && `keeps ${bytes(sum(n.kept))} for backward: ${Object.keys(n.kept).join(", ")}`, n.line];
      html("div", tip, said.filter(Boolean).map((s) => short(s, 300)).join("\n"));
      if (n.value && n.value.counts) tip.append(histogram(n.value));
    } else if (id !== undefined) {
      const b = box(id);
      html("div", tip, [title(b), ...lines(id).slice(1).map((l) => l[0]), b.kept && `keeps ${bytes(b.kept)} for backward`, "click to open"].filter(Boolean).join("\n"));
    } else if (text) html("div", tip, text);
    else return;
    tip.hidden = false;
    tip.style.left = Math.max(4, Math.min(event.clientX - r.left + 16, r.width - tip.offsetWidth - 6)) + "px";
    const under = event.clientY - r.top + 16;
    tip.style.top = (under + tip.offsetHeight > r.height - 6 ? Math.max(4, event.clientY - r.top - tip.offsetHeight - 12) : under) + "px";
  }
  const hideTip = () => { $("tip").hidden = true; };
  function drawMemory() {
    if ($("kept").hidden) return;
    $("total").textContent = `${bytes(data.kept || 0)} for backward`;
    const seen = now.items.filter((i) => !i.open && !i.copy && kept(i.of)).sort((a, b) => a.order - b.order), most = Math.max(1, ...seen.map((i) => kept(i.of)));
    $("bars").replaceChildren(...seen.map((item) => {
      const li = html("li"), button = html("button", li);
      html("span", button, bytes(kept(item.of)), "n"); html("span", button, short(nameOf(item.of) + (item.of < N && nodes[item.of].name ? ` = ${nodes[item.of].label}` : ""), 40));
      const bar = html("span", button, undefined, "bar");
      bar.style.width = `${100 * kept(item.of) / most}%`;
      button.onclick = () => { reveal(item.of); elements.get(item.id).focus({ preventScroll: true }); };
      return li;
    }));
    if (!seen.length) html("li", $("bars"), "nothing: no op keeps an array, or backward has freed it");
  }
  let mapView = null;
  function drawMap() {
    const map = $("map");
    map.replaceChildren();
    map.setAttribute("viewBox", `0 0 ${extent.w} ${extent.h}`);
    for (const item of now.items) {
      const on = path && item.of < N && path[item.of];
      make("rect", { class: item.open ? "group" : on ? "path" : "", x: item.x, y: item.y, width: item.w, height: item.h, "vector-effect": "non-scaling-stroke" }, map);
    }
    mapView = make("rect", { class: "view", "vector-effect": "non-scaling-stroke" }, map);
    place();
  }
  const onMap = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform($("map").getScreenCTM().inverse()), r = svg.getBoundingClientRect();
    view.x = point.x - r.width / view.k / 2; view.y = point.y - r.height / view.k / 2;
    place();
  };
  $("map").addEventListener("pointerdown", onMap);
  $("map").addEventListener("pointermove", onMap);

  // ---- pan, zoom and pinch

  const view = { x: 0, y: 0, k: 1 };
  function place() {
    world.setAttribute("transform", `scale(${view.k}) translate(${-view.x},${-view.y})`);
    const r = svg.getBoundingClientRect();
    if (mapView) for (const [name, value] of [["x", view.x], ["y", view.y], ["width", r.width / view.k], ["height", r.height / view.k]]) mapView.setAttribute(name, value);
    const whole = view.x <= 1 && view.y <= 1 && view.x + r.width / view.k >= extent.w - 1 && view.y + r.height / view.k >= extent.h - 1;
    $("map").style.visibility = whole ? "hidden" : "visible";
  }
  function clampView() {
    const r = svg.getBoundingClientRect(), w = r.width / view.k, h = r.height / view.k;
    view.x = w > extent.w ? (extent.w - w) / 2 : Math.min(Math.max(view.x, -w / 2), extent.w - w / 2);
    view.y = h > extent.h ? (extent.h - h) / 2 : Math.min(Math.max(view.y, -h / 2), extent.h - h / 2);
  }
  function fit(smallest) {
    const r = svg.getBoundingClientRect(), whole = Math.min((r.width - 8) / extent.w, (r.height - 8) / extent.h, 1.25);
    view.k = Math.max(whole, smallest && whole < 0.5 ? smallest : 0.02);  // all of it, unless that is too small to read
    view.x = (extent.w - r.width / view.k) / 2; view.y = (extent.h - r.height / view.k) / 2;
    if (r.width / view.k < extent.w) view.x = -4;  // from its start
    if (r.height / view.k < extent.h) view.y = -4;
    place();
  }
  function zoom(factor, cx, cy) {
    const r = svg.getBoundingClientRect(), px = (cx === undefined ? r.width / 2 : cx - r.left), py = (cy === undefined ? r.height / 2 : cy - r.top);
    const k = Math.min(4, Math.max(0.02, view.k * factor));
    view.x += px / view.k - px / k; view.y += py / view.k - py / k; view.k = k;
    place();
  }
  svg.addEventListener("wheel", (event) => { event.preventDefault(); hideTip(); zoom(Math.exp(-Math.sign(event.deltaY) * 0.16), event.clientX, event.clientY); }, { passive: false });
  const fingers = new Map();
  let moved = false, pressed = null;
  svg.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 1) { moved = false; pressed = event.target.closest(".box"); }
  });
  window.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const after = [event.clientX, event.clientY];
    if (fingers.size === 1) {
      if (!moved && Math.hypot(after[0] - before[0], after[1] - before[1]) < 5) return;
      moved = true;
      view.x -= (after[0] - before[0]) / view.k; view.y -= (after[1] - before[1]) / view.k;
    } else {
      moved = true;
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]), is = Math.hypot(after[0] - other[0], after[1] - other[1]);
      view.x -= (after[0] - before[0]) / 2 / view.k; view.y -= (after[1] - before[1]) / 2 / view.k;
      if (was > 0) zoom(is / was, (after[0] + other[0]) / 2, (after[1] + other[1]) / 2);
    }
    fingers.set(event.pointerId, after);
    hideTip();
    place();
  });
  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (event.type === "pointerup" && !moved && fingers.size === 0) press(pressed);
  };
  window.addEventListener("pointerup", lift);
  window.addEventListener("pointercancel", lift);
  function press(element) {
    if (!element) return pick(null);
    const item = now.ids.get(element.dataset.id);
    if (!item) return;
    if (box(item.of)) toggle(item.of); else pick(picked === item.of ? null : item.of);
  }

  // ---- search

  let hits = [], at = -1, hiddenHits = new Set();
  function search() {
    const words = $("search").value.trim().toLowerCase();
    hits = []; at = -1; found = new Set(); hiddenHits = new Set();
    if (words) {
      boxes.forEach((b, i) => { if (i && b.label.toLowerCase().includes(words)) hits.push(N + i); });
      nodes.forEach((n, i) => { if ([n.name, n.label, n.formula, n.line].some((t) => t && t.toLowerCase().includes(words))) hits.push(i); });
      hits.sort((a, b) => order[a] - order[b]);
      found = new Set(hits);
      for (const id of hits) for (let b = box(id) ? box(id).parent : nodes[id].box; b > 0 && !hiddenHits.has(N + b); b = boxes[b].parent) hiddenHits.add(N + b);
    }
    marks();
    const list = $("hits");
    list.hidden = !words;
    list.replaceChildren(...hits.slice(0, 40).map((id, i) => {
      const li = html("li"), inside = box(id) ? box(id).parent : nodes[id].box;
      li.setAttribute("role", "option");
      html("span", li, nameOf(id) + (id < N && nodes[id].number && nodes[id].name ? ` = ${nodes[id].label}` : ""));
      if (inside > 0) html("div", li, title(boxes[inside]), "where");
      li.onclick = () => { at = i; goTo(); list.hidden = true; };
      return li;
    }));
    html("li", list, hits.length ? (hits.length > 40 ? `and ${counted(hits.length - 40, "more")}` : `${counted(hits.length, "place")}; Enter: next`) : "nothing has this name", "where");
  }
  function goTo() {
    const id = hits[at];
    [...$("hits").children].forEach((li, i) => li.classList.toggle("now", i === at));
    reveal(id);
    if (box(id)) { picked = id; marks(); } else pick(id);
  }
  $("search").oninput = search;
  $("search").onkeydown = (event) => {
    if (event.key === "Enter" && hits.length) { at = (at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length; goTo(); }
    if (event.key === "Escape") { $("search").value = ""; search(); svg.focus(); }
  };
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".search")) $("hits").hidden = true; });

  // ---- buttons and keys

  function toggleMemory() {
    const side = $("kept");
    if (side.hidden) pick(null);
    side.hidden = !side.hidden;
    $("memory").setAttribute("aria-pressed", String(!side.hidden));
    drawMemory();
    place();
  }
  function more() {
    const done = openLevel(MOST, () => true);
    draw();
    fit(0.35);
    $("notes").textContent = done || !closedInSight().length ? said : [said, `more than ${MOST} boxes at once are not opened: open single ones by a click`].filter(Boolean).join(" · ");
  }
  function closeAll() { open.clear(); open.add(0); onlyWrapped(); draw(); fit(); }
  const theme = () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; };
  $("memory").onclick = toggleMemory; $("more").onclick = more; $("close").onclick = closeAll; $("fit").onclick = () => fit(); $("theme").onclick = theme;
  $("shut").onclick = () => pick(null);
  $("constants").onchange = () => { withConstants = $("constants").checked; draw(); clampView(); place(); };
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input[type=search]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const r = svg.getBoundingClientRect(), move = (dx, dy) => () => { view.x += dx * r.width / view.k; view.y += dy * r.height / view.k; place(); };
    const focused = event.target.closest && event.target.closest("#graph .box");
    const actions = {
      ArrowLeft: move(-0.15, 0), ArrowRight: move(0.15, 0), ArrowUp: move(0, -0.15), ArrowDown: move(0, 0.15), "+": () => zoom(1.25), "=": () => zoom(1.25),
      "-": () => zoom(0.8), "0": () => fit(), "/": () => $("search").focus(), t: theme, m: toggleMemory, o: more, c: closeAll, Escape: () => pick(null),
    };
    if (focused && (event.key === "Enter" || event.key === " ")) actions[event.key] = () => press(focused);
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  });
  svg.addEventListener("focusin", (event) => {  // what the keyboard reaches is brought into sight
    const element = event.target.closest(".box"), item = element && now.ids.get(element.dataset.id);
    if (!item || !element.matches(":focus-visible")) return;
    inSight(item);
  });
  let portrait = shape();
  new ResizeObserver(() => {
    if (shape() !== portrait) { portrait = !portrait; draw(); fit(smallest()); } else place();
  }).observe(svg);
  const smallest = () => 0.75;

  // ---- start

  const said = (data.notes || []).join(" · ");
  document.title = data.title || "Computation graph";
  $("title").textContent = data.title || [counted(data.ops, "op"), data.parameters && counted(data.parameters, "parameter"), data.kept && `${bytes(data.kept)} kept for backward`].filter(Boolean).join(", ");
  $("notes").textContent = said || (nodes.length ? "" : "nothing ran: the graph is empty");
  if (matchMedia("(prefers-color-scheme: dark)").matches) root.dataset.theme = "dark";
  onlyWrapped();
  openFirst(stage.clientWidth < 760 ? 24 : ROOM);
  draw();
  fit(smallest());
  const wanted = new URLSearchParams(location.hash.slice(1)).get("find");  // model.html#find=0.weight
  if (wanted) {
    $("search").value = wanted;
    search();
    if (hits.length) { at = Math.max(0, hits.findIndex((id) => nameOf(id) === wanted)); goTo(); }
    $("hits").hidden = true;
  }
  root.dataset.ready = String(Math.round(performance.now()));
})();
