"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const [W, H] = data.size;
  const $ = (id) => document.getElementById(id);
  const NS = "http://www.w3.org/2000/svg";
  const byKey = new Map(data.nodes.map((n) => [n.key, n]));
  const svg = $("graph");
  let step = 0, timer = null, revealed = new Set();

  const make = (name, attributes, parent, text) => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };
  const short = (text, most) => { const c = [...text]; return c.length > most ? c.slice(0, most - 1).join("") + "…" : text; };

  // ---- the drawing, made once

  const edgeLayer = make("g", {}, svg), nodeLayer = make("g", {}, svg);
  const ports = new Map();
  data.edges.forEach((e, i) => {
    for (const key of ["in " + e.target, "out " + e.source]) ports.set(key, [...(ports.get(key) || []), i]);
  });
  // Where an edge leaves and enters a box: from top to bottom in the order of where it goes to and comes from.
  const height = (i, key) => {
    const e = data.edges[i], way = [byKey.get(e.source).y + H / 2, ...e.bends.map((b) => b[1]), byKey.get(e.target).y + H / 2];
    return key.startsWith("in ") ? way[way.length - 2] : way[1];
  };
  for (const [key, list] of ports) list.sort((a, b) => height(a, key) - height(b, key) || a - b);
  const port = (key, i) => { const all = ports.get(key); return H * (all.indexOf(i) + 1) / (all.length + 1); };
  const edges = data.edges.map((e, i) => {
    const a = byKey.get(e.source), b = byKey.get(e.target);
    const x1 = a.x + W, y1 = a.y + port("out " + e.source, i), x2 = b.x - 8, y2 = b.y + port("in " + e.target, i);
    const g = make("g", { class: "edge" }, edgeLayer);
    // Through the lanes that the layout kept free: straight past the boxes of a layer, bent in the gaps between layers.
    const stops = [[x1, y1], ...e.bends.flatMap(([x, y]) => [[x - W / 2 - 6, y], [x + W / 2 + 6, y]]), [x2, y2]];
    let d = `M${x1},${y1}`;
    for (let k = 0; k + 1 < stops.length; k += 2) {
      const [ax, ay] = stops[k], [bx, by] = stops[k + 1], bend = Math.max(16, (bx - ax) * 0.5);
      d += ` C${ax + bend},${ay} ${bx - bend},${by} ${bx},${by}`;
      if (k + 2 < stops.length) d += ` L${stops[k + 2][0]},${stops[k + 2][1]}`;
    }
    make("path", { d }, g);
    make("path", { class: "head", d: `M${x2},${y2 - 4.5} l9,4.5 l-9,4.5 z` }, g);
    const [lx, ly] = stops[stops.length - 2];
    const label = make("text", { x: (lx + x2) / 2, y: (ly + y2) / 2 - 5, "text-anchor": "middle" }, g);
    return { g, label };
  });
  const boxes = new Map();
  for (const n of data.nodes) {
    const g = make("g", { class: `box ${n.kind}`, tabindex: 0, role: "button", transform: `translate(${n.x},${n.y})` }, nodeLayer);
    const round = n.kind === "op" || n.kind === "output" || n.kind === "module" ? 10 : 0;
    make("rect", { width: W, height: H, rx: round }, g);
    const head = make("text", { x: 9, y: 19, class: "label" }, g, short(n.label, 19));
    if (n.formula && n.formula !== n.label) {
      const room = Math.max(3, 21 - [...n.label].length);
      make("tspan", { class: "faint", "font-weight": 400 }, head, " = " + short(n.formula, room));
    }
    make("text", { x: 9, y: 34, class: "faint", "font-size": 11 }, g, short(n.shape, 26));
    const value = make("text", { x: 9, y: 50 }, g), grad = make("text", { x: 9, y: 66 }, g);
    g.setAttribute("aria-label", `${n.label} ${n.formula}`);
    g.addEventListener("click", () => { if (!moved) jumpTo(n.key); });
    g.addEventListener("keydown", (event) => { if (event.key === "Enter") jumpTo(n.key); });
    g.addEventListener("pointerenter", (event) => tip(n, event));
    g.addEventListener("pointerleave", () => { $("tip").hidden = true; });
    boxes.set(n.key, { g, value, grad });
  }

  // ---- what is known after the first `count` events

  function known(count) {
    const values = new Map(), gradients = new Map(), passed = new Map();
    for (const n of data.nodes) if (n.kind === "parameter" || n.kind === "input") values.set(n.key, n.value);
    for (let i = 0; i < count; i++) {
      const e = data.events[i];
      if (e.kind === "forward") values.set(e.node, byKey.get(e.node).value || "done");
      else if (e.kind === "update") values.set(e.node, e.after);
      else { gradients.set(e.target, e.after || "arrived"); if (e.edge !== undefined) passed.set(e.edge, e); }
    }
    return { values, gradients, passed };
  }
  const hidden = (i) => $("predict").checked && data.events[i].kind === "backward" && data.events[i].exact !== undefined && !revealed.has(i);

  function show() {
    const e = step ? data.events[step - 1] : null;
    const { values, gradients, passed } = known(step);
    const secret = step > 0 && hidden(step - 1);
    for (const n of data.nodes) {
      const box = boxes.get(n.key), has = values.has(n.key);
      const isNow = e && (e.node === n.key || e.target === n.key);
      box.g.classList.toggle("later", !has);
      box.g.classList.toggle("now", Boolean(isNow));
      box.value.textContent = n.kind === "module" ? "" : "value  " + (has ? short(values.get(n.key) || "", 22) : "–");
      const gradient = gradients.get(n.key);
      box.grad.textContent = n.kind === "module" ? "" :
        "grad   " + (secret && e.target === n.key ? "?" : gradient !== undefined ? short(gradient, 22) : "not computed yet");
    }
    edges.forEach(({ g, label }, i) => {
      const back = passed.get(i), isNow = e && e.edge === i;
      const masked = isNow && secret;
      // The dash says what it says in static pictures: the local derivative is a negative number.
      const minus = back && !masked && /^−[0-9.]+(e[−+]?[0-9]+)?$|^−inf$/.test(String(back.local || ""));
      g.classList.toggle("minus", Boolean(minus));
      g.classList.toggle("plus", Boolean(back && !masked && !minus));
      g.classList.toggle("now", Boolean(isNow));
      g.classList.toggle("flow", Boolean(e && e.kind === "forward" && data.edges[i].target === e.node));
      label.textContent = masked ? "?" : back && back.contribution ? short(back.contribution, 16) : "";
    });
    panel(e, secret);
    $("slider").value = step;
    $("slider").setAttribute("aria-valuetext", e ? e.title : "before the first step");
    $("count").textContent = `${step} / ${data.events.length}`;
    [...$("transcript").children].forEach((li, i) => li.classList.toggle("now", i === step - 1));
  }

  const PHASES = { forward: "Forward", start: "Backward", backward: "Backward", update: "Update" };
  function panel(e, secret) {
    $("phase").textContent = e ? `${PHASES[e.kind]} · step ${step} of ${data.events.length}` : "Before the first step";
    $("what").textContent = e ? e.title : "Only the inputs and parameters are known.";
    const facts = [];
    if (!e) facts.push(["How to go on", "→ one step, space to play, click a box to jump to it"]);
    else if (e.kind === "forward") facts.push(["Formula", e.formula], ["With numbers", e.filled, true]);
    else if (e.kind === "update") facts.push(["Gradient", e.upstream], ["Change", e.contribution], ["Value", `${e.before} → ${e.after}`, true]);
    else {
      facts.push(["Gradient that arrives (upstream)", e.upstream], ["Local derivative", e.local_formula], ["Its value", secret ? "" : e.local]);
      if (!secret) {
        facts.push(["Contribution = upstream × local", e.contribution && (e.local ? `${e.upstream} × ${e.local} = ${e.contribution}` : e.contribution), true]);
        facts.push(["Running sum of this gradient", e.after && `${e.before} → ${e.after}`]);
      }
    }
    if (e && e.line) facts.push(["Your code", e.line]);
    $("facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value, strong]) => {
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      dt.textContent = name; dd.textContent = value; if (strong) dd.className = "strong";
      return [dt, dd];
    }));
    $("guess").hidden = !secret;
    if (!secret) { $("verdict").textContent = ""; $("verdict").className = ""; }
    $("answer").value = "";
  }

  // ---- going through the steps

  function go(to) {
    step = Math.min(Math.max(to, 0), data.events.length);
    if (step === data.events.length) pause();
    $("verdict").textContent = "";
    show();
    follow();
  }
  function pause() { clearInterval(timer); timer = null; $("play").textContent = "▶ Play"; $("play").setAttribute("aria-label", "Play"); }
  function play() {
    if (timer) return pause();
    if (step === data.events.length) go(0);
    $("play").textContent = "❚❚ Pause"; $("play").setAttribute("aria-label", "Pause");
    timer = setInterval(() => { if (step > 0 && hidden(step - 1)) pause(); else go(step + 1); }, Number($("speed").value));
  }
  function jumpTo(key) {
    const after = data.events.findIndex((e, i) => i >= step && (e.node === key || e.target === key));
    const found = after >= 0 ? after : data.events.findIndex((e) => e.node === key || e.target === key);
    if (found >= 0) { pause(); go(found + 1); }
  }
  $("first").onclick = () => { pause(); go(0); };
  $("back").onclick = () => { pause(); go(step - 1); };
  $("next").onclick = () => { pause(); go(step + 1); };
  $("last").onclick = () => { pause(); go(data.events.length); };
  $("play").onclick = play;
  $("slider").max = data.events.length;
  $("slider").oninput = () => { pause(); go(Number($("slider").value)); };
  $("speed").onchange = () => { if (timer) { pause(); play(); } };
  $("predict").onchange = () => { revealed = new Set(); show(); };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=search], #answer, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      ArrowRight: () => $("next").click(), ArrowLeft: () => $("back").click(), Home: () => $("first").click(),
      End: () => $("last").click(), "0": fit, t: toggleTheme, "/": () => $("search").focus(),
    };
    if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.tagName !== "SUMMARY" && event.target.type !== "checkbox") actions[" "] = play;
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  });

  // ---- predict, then reveal

  $("guess").onsubmit = (event) => {
    event.preventDefault();
    const e = data.events[step - 1], given = Number($("answer").value.trim().replace("−", "-").replace(",", "."));
    const verdict = $("verdict");
    if ($("answer").value.trim() === "" || Number.isNaN(given)) { verdict.textContent = "A number, please, such as −0.25."; verdict.className = "bad"; return; }
    if (Math.abs(given - e.exact) <= 0.005 + 0.01 * Math.abs(e.exact)) {
      revealed.add(step - 1); show();
      verdict.textContent = "Right."; verdict.className = "good";
      $("guess").hidden = false; $("guess").querySelector(".row").hidden = true;
      setTimeout(() => { $("guess").querySelector(".row").hidden = false; }, 0);
    } else {
      const sign = Math.sign(given) !== Math.sign(e.exact) && e.exact !== 0;
      verdict.textContent = sign ? "Not yet: look at the sign." : "Not yet: contribution = upstream × local derivative.";
      verdict.className = "bad";
    }
  };
  $("hint").onclick = () => {
    const e = data.events[step - 1];
    $("verdict").textContent = `Hint: ${e.local_formula}${e.local ? " = " + e.local : ""}; what arrives is ${e.upstream}.`;
    $("verdict").className = "";
  };
  $("reveal").onclick = () => { revealed.add(step - 1); show(); };

  // ---- looking around: zoom, pan, search, tooltips, theme

  const xs = data.nodes.map((n) => n.x), ys = data.nodes.map((n) => n.y);
  const all = { x: Math.min(...xs) - 24, y: Math.min(...ys) - 24, w: Math.max(...xs) - Math.min(...xs) + W + 48, h: Math.max(...ys) - Math.min(...ys) + H + 72 };
  let view = { ...all };
  const place = () => svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
  function fit() { view = { ...all }; place(); }
  function readable() {  // a long graph is shown at a readable size from its start
    const scale = Math.max(all.w / svg.clientWidth, all.h / svg.clientHeight);
    if (scale > 1.9) { view = { x: all.x, y: all.y, w: svg.clientWidth * 1.25, h: svg.clientHeight * 1.25 }; view.y = all.y + (all.h - view.h) / 2; place(); } else fit();
  }
  function follow() {  // keeps the box of this step in sight
    const e = step ? data.events[step - 1] : null;
    if (!e) return;
    const keys = [e.target || e.node, e.node].map((key) => byKey.get(key));
    for (const n of keys) {
      const margin = 12;
      if (n.x < view.x) view.x = n.x - margin;
      if (n.x + W > view.x + view.w) view.x = n.x + W + margin - view.w;
      if (n.y < view.y) view.y = n.y - margin;
      if (n.y + H > view.y + view.h) view.y = n.y + H + margin - view.h;
    }
    place();
  }
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const k = Math.exp(Math.sign(event.deltaY) * 0.18), r = svg.getBoundingClientRect();
    const unit = Math.max(view.w / r.width, view.h / r.height);
    const px = view.x + view.w / 2 + (event.clientX - r.left - r.width / 2) * unit, py = view.y + view.h / 2 + (event.clientY - r.top - r.height / 2) * unit;
    view = { x: px - (px - view.x) * k, y: py - (py - view.y) * k, w: view.w * k, h: view.h * k };
    place();
  }, { passive: false });
  let grip = null, moved = false;
  svg.addEventListener("pointerdown", (event) => { grip = { x: event.clientX, y: event.clientY, view: { ...view } }; moved = false; });
  window.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const unit = Math.max(view.w / svg.clientWidth, view.h / svg.clientHeight);
    const dx = event.clientX - grip.x, dy = event.clientY - grip.y;
    if (Math.abs(dx) + Math.abs(dy) > 4) moved = true;
    view.x = grip.view.x - dx * unit; view.y = grip.view.y - dy * unit;
    place();
  });
  window.addEventListener("pointerup", () => { grip = null; });
  function tip(n, event) {
    const lines = [n.label + (n.formula ? `: ${n.formula}` : ""), n.shape, n.value && `value ${n.value}`, n.module && `module ${n.module}`, n.line];
    const box = $("tip"), r = $("stage").getBoundingClientRect();
    box.textContent = lines.filter(Boolean).map((l) => short(l, 300)).join("\n");
    box.hidden = false;
    box.style.left = Math.max(4, Math.min(event.clientX - r.left + 14, r.width - box.offsetWidth - 6)) + "px";
    box.style.top = Math.max(4, Math.min(event.clientY - r.top + 14, r.height - box.offsetHeight - 6)) + "px";
  }
  $("search").oninput = () => {
    const words = $("search").value.trim().toLowerCase();
    let first = null;
    for (const n of data.nodes) {
      const match = words !== "" && [n.label, n.formula, n.module, n.shape, n.line].join(" ").toLowerCase().includes(words);
      boxes.get(n.key).g.classList.toggle("found", match);
      if (match && !first) first = n;
    }
    if (first) { view.x = first.x + W / 2 - view.w / 2; view.y = first.y + H / 2 - view.h / 2; place(); }
  };
  $("search").onkeydown = (event) => {
    if (event.key !== "Enter") return;
    const found = data.nodes.find((n) => boxes.get(n.key).g.classList.contains("found"));
    if (found) jumpTo(found.key);
  };
  function toggleTheme() {
    const root = document.documentElement;
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  }
  $("theme").onclick = toggleTheme;
  if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.theme = "dark";
  $("fit").onclick = fit;

  // ---- start

  document.title = data.title;
  $("title").textContent = data.title;
  $("transcript").replaceChildren(...data.transcript.map((line) => { const li = document.createElement("li"); li.textContent = line; return li; }));
  const wanted = Number(new URLSearchParams(location.hash.slice(1)).get("step"));
  show();
  readable();
  if (wanted) go(wanted);
})();
