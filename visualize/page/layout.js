// A layered layout, left to right, of what is open: Sugiyama, Tagawa and Toda 1981, one box after the other, the inner
// ones first. A layer is the longest path to it; an edge over several layers gets a lane in each of them; layers are
// ordered by the mean place of their neighbours; heights follow the neighbours as far as the order allows. A strip is
// cut into rows where the fewest edges cross.
//
// `scene` is {items, edges}: an item is {id, parent (id of the open box that it is in, "" for none), order, w, h, open};
// an edge is {source, target}. Every item gets x and y (absolute), open ones w and h; `links` are the curves to draw:
// {source, targets, d, head}, in the place where they run.
"use strict";
const LAYOUT = { gapX: 46, gapY: 16, lane: 14, pad: 16, head: 30, strip: 3.2, wanted: 1.7, fewest: 5, level: 140, sweeps: 8 };

function layout(scene) {
  const byId = new Map(scene.items.map((item) => [item.id, item]));
  const root = { id: "", parent: null, open: true, order: -1 };
  byId.set("", root);
  const inside = new Map([["", []]]);
  for (const item of scene.items) if (item.open) inside.set(item.id, []);
  for (const item of scene.items) inside.get(item.parent).push(item);
  const way = (id) => { const up = []; for (let at = byId.get(id).parent; at !== null; at = byId.get(at).parent) up.push(at); return up; };
  const ways = new Map();
  const wayOf = (id) => { if (!ways.has(id)) ways.set(id, way(id)); return ways.get(id); };
  // The part of each edge that runs in a box: from a child or from the left border to a child or to the right border.
  const local = new Map([...inside.keys()].map((id) => [id, new Map()]));
  const add = (box, source, from, to, target) => {
    const links = local.get(box), key = source + "\n" + from + "\n" + to;
    if (!links.has(key)) links.set(key, { source, from, to, targets: new Set() });
    links.get(key).targets.add(target);
  };
  for (const { source, target } of scene.edges) {
    const up = wayOf(source), down = wayOf(target), above = new Set(up);
    const meet = down.findIndex((box) => above.has(box));
    const common = down[meet];
    let from = source;
    for (const box of up) { if (box === common) break; add(box, source, from, ">", target); from = box; }
    let to = target;
    for (const box of down) { if (box === common) break; add(box, source, "<", to, target); to = box; }
    if (from !== to) add(common, source, from, to, target);
  }
  const links = [];
  const deepest = [...inside.keys()].sort((a, b) => (b === "" ? -1 : a === "" ? 1 : wayOf(b).length - wayOf(a).length));
  const drawn = new Map();
  for (const id of deepest) drawn.set(id, layoutBox(byId.get(id), inside.get(id), [...local.get(id).values()], byId));
  const place = (id, x, y) => {  // from relative to absolute positions
    for (const item of inside.get(id)) {
      item.x += x; item.y += y;
      if (item.open) place(item.id, item.x, item.y);
    }
    for (const link of drawn.get(id)) links.push({ source: link.source, targets: [...link.targets], head: link.head && shifted([link.head], x, y)[0], d: rounded(shifted(link.points, x, y)), end: shifted([link.points[link.points.length - 1]], x, y)[0] });
  };
  root.x = root.y = 0;
  place("", 0, 0);
  return { w: root.w, h: root.h, links };
}

const shifted = (points, x, y) => points.map((p) => [p[0] + x, p[1] + y, p[2]]);

// One box: sets x and y of its children (relative to it), its w and h, and where edges leave and enter it.
function layoutBox(box, children, links, byId) {
  const { gapX, gapY, lane, pad, head } = LAYOUT;
  children.sort((a, b) => a.order - b.order);
  const top = box.id === "" ? pad : head;
  box.enter = new Map(); box.exit = new Map();
  // ---- layers
  const depth = new Map(children.map((c) => [c.id, 0])), rank = new Map(children.map((c, i) => [c.id, i]));
  const out = new Map(children.map((c) => [c.id, []])), into = new Map(children.map((c) => [c.id, []]));
  for (const l of links) {
    l.forwards = l.from === "<" || l.to === ">" || rank.get(l.from) < rank.get(l.to);
    if (l.forwards && l.from !== "<" && l.to !== ">") { out.get(l.from).push(l.to); into.get(l.to).push(l.from); }
  }
  const shift = links.some((l) => l.from === "<") ? 1 : 0;
  for (const c of children) depth.set(c.id, Math.max(shift, ...into.get(c.id).map((s) => depth.get(s) + 1)));
  for (const c of [...children].reverse()) {  // what reads nothing stands right before its first reader
    if (!into.get(c.id).length && out.get(c.id).length && !links.some((l) => l.from === "<" && l.to === c.id))
      depth.set(c.id, Math.max(shift, Math.min(...out.get(c.id).map((t) => depth.get(t))) - 1));
  }
  let last = Math.max(shift, ...depth.values());
  if (links.some((l) => l.to === ">")) last += 1;
  const layers = Array.from({ length: last + 1 }, () => []);
  const cells = new Map();
  const cell = (key, layer, h, item) => {
    if (!cells.has(key)) { const c = { key, layer, h, item, before: [], after: [], y: 0 }; cells.set(key, c); layers[layer].push(c); }
    return cells.get(key);
  };
  for (const c of children) cell("i" + c.id, depth.get(c.id), c.h, c);
  // ---- lanes: one for each source, shared by all that it goes to
  for (const l of links) {
    if (!l.forwards) continue;
    const start = l.from === "<" ? 0 : depth.get(l.from), end = l.to === ">" ? last : depth.get(l.to);
    let at = l.from === "<" ? cell("<" + l.source, 0, lane) : cells.get("i" + l.from);
    l.way = [at];
    for (let d = start + 1; d <= end; d++) {
      const next = d === end ? (l.to === ">" ? cell(">" + l.source, last, lane) : cells.get("i" + l.to)) : cell("-" + l.source + "\n" + l.from + "\n" + d, d, lane);
      if (!at.after.includes(next)) { at.after.push(next); next.before.push(at); }
      l.way.push(next);
      at = next;
    }
  }
  // ---- order
  const count = [...cells.values()].length;
  for (const layer of layers) layer.forEach((c, i) => { c.place = (i + 0.5) / layer.length; });
  const sweeps = count > 2000 ? 2 : LAYOUT.sweeps;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const side = sweep % 2 === 0 ? "before" : "after";
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      for (const c of layer) c.wanted = c[side].length ? c[side].reduce((sum, n) => sum + n.place, 0) / c[side].length : c.place;
      layer.sort((a, b) => a.wanted - b.wanted);
      layer.forEach((c, i) => { c.place = (i + 0.5) / layer.length; });
    }
  }
  // ---- heights: near the neighbours, in order, without overlap
  const gap = (a, b) => (a.item || b.item ? gapY : 0);
  for (const layer of layers) { let y = 0; layer.forEach((c, i) => { y += i ? gap(layer[i - 1], c) : 0; c.y = y; y += c.h; }); const half = y / 2; for (const c of layer) c.y -= half; }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      for (const c of layer) {
        const near = sweep >= sweeps - 2 ? [...c.before, ...c.after] : sweep % 2 === 0 ? c.before : c.after;
        const ends = near.map((n) => middle(n, c) - (middle(c, n) - c.y));
        c.wanted = ends.length ? ends.reduce((sum, y) => sum + y, 0) / ends.length : c.y;
      }
      settle(layer, gap);
    }
  }
  // ---- columns and rows
  const widths = layers.map((layer) => Math.max(0, ...layer.map((c) => (c.item ? c.item.w : 0))));
  const rows = cut(layers, widths);
  let y0 = top, right = 0;
  const starts = [], row = [], left = [], gaps = [], bottoms = [];
  const crossing = rows.map(([a]) => (a === 0 ? [] : [...new Set(layers[a].flatMap((c) => c.before.map((b) => b.key)))]));
  const margin = rows.length > 1 ? pad + 8 * Math.max(...crossing.map((c) => c.length)) : pad;
  rows.forEach(([a, b], r) => {
    const inRow = layers.slice(a, b).flat();
    const low = Math.min(...inRow.map((c) => c.y), inRow.length ? Infinity : 0), high = Math.max(low, ...inRow.map((c) => c.y + c.h));
    if (r) { gaps[r] = y0; y0 += 26 + 8 * crossing[r].length; }
    let x = margin;
    for (let d = a; d < b; d++) {
      starts[d] = x; row[d] = r; left[d] = a;
      for (const c of layers[d]) { c.x = x; c.y += y0 - low; }
      x += widths[d] + gapX;
    }
    right = Math.max(right, x - gapX);
    y0 += high - low;
    bottoms[r] = y0;
  });
  box.w = right + margin; box.h = y0 + pad;
  for (const c of cells.values()) if (c.item) { c.item.x = c.x; c.item.y = c.y; }
  for (const c of cells.values()) {
    if (c.key[0] === "<") box.enter.set(c.key.slice(1), c.y + c.h / 2);
    if (c.key[0] === ">") box.exit.set(c.key.slice(1), c.y + c.h / 2);
  }
  // ---- where edges enter a closed box: from top to bottom as they come
  const entries = new Map();
  for (const l of links) if (l.to !== ">") entries.set(l.to, [...(entries.get(l.to) || []), l]);
  for (const list of entries.values()) {
    const from = (l) => (l.way ? l.way[l.way.length - 2] : { y: 0, h: 0 });
    list.sort((a, b) => from(a).y + from(a).h / 2 - from(b).y - from(b).h / 2);
    list.forEach((l, i) => { l.port = (i + 1) / (list.length + 1); });
  }
  // ---- ways
  const drawn = [];
  for (const l of links) {
    const target = l.to === ">" ? null : byId.get(l.to), source = l.from === "<" ? null : byId.get(l.from);
    const yIn = target && (target.open ? target.y + target.enter.get(l.source) : target.y + target.h * l.port);
    const yOut = source && (source.open ? source.y + source.exit.get(l.source) : source.y + source.h / 2);
    const headless = !target || target.open;
    if (!l.forwards) {  // against the order: around below
      const low = Math.max(source.y + source.h, target.y + target.h) + 12;
      drawn.push({ ...l, points: [[source.x + source.w, yOut], [source.x + source.w + 10, yOut], [source.x + source.w + 10, low], [target.x - 14, low], [target.x - 14, yIn], [target.x - 7, yIn]], head: headless ? null : [target.x, yIn] });
      continue;
    }
    const points = [];
    l.way.forEach((c, i) => {
      const first = i === 0, end = i === l.way.length - 1, x = c.x, wide = widths[c.layer];
      const y = first && source ? yOut : end && target ? yIn : c.y + c.h / 2;
      if (!first) {
        const d = c.layer;
        if (row[d] !== row[d - 1]) {  // into the next row: out on the right, back between the rows
          const n = crossing[row[d]].indexOf(l.way[i - 1].key), down = gaps[row[d]] + 13 + 8 * n;
          const back = points[points.length - 1][1];
          points.push([right + 8 + 8 * n, back], [right + 8 + 8 * n, down], [margin - 8 - 8 * n, down], [margin - 8 - 8 * n, y]);
        }
        if (end) { points.push([target ? (target.open ? x : x - 7) : box.w, y, row[d] === row[d - 1]]); return; }
        points.push([x, y, row[d] === row[d - 1]]);
      }
      if (first && !source) points.push([0, y]);
      if (first && source) points.push([source.x + source.w, y]);
      points.push([x + wide, y]);
    });
    drawn.push({ ...l, points, head: headless ? null : [target.x, yIn] });
  }
  return drawn;
}

// Where the edge between two neighbours touches `c`: in the middle, or where an open box lets it through.
function middle(c, other) {
  if (!c.item || !c.item.open) return c.y + c.h / 2;
  const known = [...c.item.exit.values(), ...c.item.enter.values()];
  const side = other.layer > c.layer ? [...c.item.exit.values()] : [...c.item.enter.values()];
  const ports = side.length ? side : known;
  // Boxes of several rows stand side by side, though the one's last row feeds the other's first.
  return c.y + Math.min(LAYOUT.level, ports.length ? ports.reduce((sum, y) => sum + y, 0) / ports.length : c.h / 2);
}

// Moves the cells of a layer as near to what each wants as their order allows (least squares: pooled neighbours).
function settle(layer, gap) {
  const blocks = [];
  let offset = 0;
  layer.forEach((c, i) => {
    if (i) offset += layer[i - 1].h + gap(layer[i - 1], c);
    c.offset = offset;
    let block = { sum: c.wanted - offset, count: 1, cells: [c] };
    while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].count > block.sum / block.count) {
      const before = blocks.pop();
      block = { sum: before.sum + block.sum, count: before.count + block.count, cells: before.cells.concat(block.cells) };
    }
    blocks.push(block);
  });
  for (const block of blocks) for (const c of block.cells) c.y = block.sum / block.count + c.offset;
}

// The layers of each row, [first, behind the last]; one row unless it would be a long strip.
function cut(layers, widths) {
  const n = layers.length, tall = (a, b) => Math.max(...layers.slice(a, b).map((l) => l.reduce((h, c) => h + c.h + LAYOUT.gapY, 0)));
  const wide = (a, b) => widths.slice(a, b).reduce((sum, w) => sum + w + LAYOUT.gapX, 0);
  const full = layers.map((layer) => layer.some((c) => c.item)), filled = full.filter(Boolean).length;
  if (filled < LAYOUT.fewest || wide(0, n) < LAYOUT.strip * Math.max(tall(0, n), 260)) return [[0, n]];
  const crossing = layers.map((layer, d) => (d ? new Set(layer.flatMap((c) => c.before)).size : 0));
  let rows = [[0, n]];
  for (let count = 2; count <= filled / 2; count++) {
    const cuts = [0];
    for (let k = 1; k < count; k++) {
      const aim = Math.round(k * n / count), reach = Math.max(1, Math.floor(n / count / 4));
      let best = -1;
      for (let d = Math.max(cuts[cuts.length - 1] + 1, aim - reach); d <= Math.min(n - 1, aim + reach); d++)
        if (!full.slice(cuts[cuts.length - 1], d).some(Boolean) || !full.slice(d).some(Boolean)) continue;
        else if (best < 0 || crossing[d] < crossing[best] || (crossing[d] === crossing[best] && Math.abs(d - aim) < Math.abs(best - aim))) best = d;
      if (best > 0) cuts.push(best);
    }
    rows = cuts.map((a, i) => [a, i + 1 < cuts.length ? cuts[i + 1] : n]);
    const height = rows.reduce((sum, [a, b]) => sum + tall(a, b) + 40, 0), width = Math.max(...rows.map(([a, b]) => wide(a, b)));
    if (width <= LAYOUT.wanted * height) break;
  }
  return rows;
}

// A path through points: straight where it runs along a lane or around a row, a curve where it changes its height
// between layers (points marked so).
function rounded(points) {
  let d = `M${r1(points[0][0])},${r1(points[0][1])}`;
  for (let i = 1; i < points.length; i++) {
    const [ax, ay] = points[i - 1], [bx, by, curved] = points[i];
    if (curved && Math.abs(ay - by) > 0.5) {
      const bend = Math.max(12, (bx - ax) * 0.5);
      d += ` C${r1(ax + bend)},${r1(ay)} ${r1(bx - bend)},${r1(by)} ${r1(bx)},${r1(by)}`;
    } else d += ` L${r1(bx)},${r1(by)}`;
  }
  return d;
}
const r1 = (n) => Math.round(n * 10) / 10;

if (typeof module !== "undefined") module.exports = { layout, LAYOUT };
