// SPDX-License-Identifier: LGPL-2.1-or-later
// The page is complete without this: it sorts, filters, zooms, and opens what a link leads to.
"use strict";
function make(tag, text, parent) {
  const node = document.createElement(tag);
  node.textContent = text;
  parent.append(node);
  return node;
}
// --- sorting: a button in each title
function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
}
function sort(table, column, title) {
  const down = title.getAttribute("aria-sort") === "ascending";
  const rows = Array.from(table.tBodies[0].rows);
  rows.sort((a, b) => {
    const x = value(a, column), y = value(b, column);
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return down ? -order : order;
  });
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  title.setAttribute("aria-sort", down ? "descending" : "ascending");
  table.tBodies[0].append(...rows);
}
for (const table of document.querySelectorAll("table.sortable")) {
  Array.from(table.tHead.rows[0].cells).forEach((title, column) => {
    const text = title.textContent;
    title.textContent = "";
    make("button", text, title).addEventListener("click", () => sort(table, column, title));
  });
}
// --- filtering: what has the words, in any case
for (const place of document.querySelectorAll(".filter")) {
  const all = document.getElementById(place.dataset.for);
  const label = make("label", "Show only what has: ", place);
  const input = make("input", "", label);
  const told = make("span", "", place);
  input.type = "search";
  told.setAttribute("role", "status");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase();
    let shown = 0;
    const parts = all.querySelectorAll("tbody tr, details.device");
    for (const part of parts) {
      part.hidden = !part.textContent.toLowerCase().includes(words);
      shown += part.hidden ? 0 : 1;
    }
    told.textContent = words ? " " + shown + " of " + parts.length : "";
  });
}
// --- zooming: numbers of the stream are exact, so the bar is drawn again and not scaled
for (const bar of document.querySelectorAll("figure.bar")) {
  const first = Number(bar.dataset.start), last = Number(bar.dataset.end);
  const pieces = Array.from(bar.querySelectorAll("rect"));
  let start = first, end = last;
  const tools = make("div", "", bar);
  tools.className = "zoom";
  const told = document.createElement("span");
  told.setAttribute("role", "status");
  function draw() {
    const scale = 1000 / (end - start);
    for (const piece of pieces) {
      const from = Math.max(Number(piece.dataset.o), start);
      const to = Math.min(Number(piece.dataset.o) + Number(piece.dataset.l), end);
      piece.setAttribute("display", to > from ? "inline" : "none");
      if (to > from) {
        piece.setAttribute("x", (from - start) * scale);
        piece.setAttribute("width", Math.max((to - from) * scale, 0.05));
      }
    }
    told.textContent = "bytes 0x" + start.toString(16) + " to 0x" + end.toString(16);
  }
  function show(from, length) {
    length = Math.min(Math.max(length, 64), last - first);
    start = Math.round(Math.min(Math.max(from, first), last - length));
    end = Math.round(start + length);
    draw();
  }
  const middle = (part) => start + (end - start) * part;
  const actions = [
    ["Zoom in", "+", () => show(middle(0.25), (end - start) / 2)],
    ["Zoom out", "-", () => show(middle(-0.5), (end - start) * 2)],
    ["Left", "ArrowLeft", () => show(middle(-0.25), end - start)],
    ["Right", "ArrowRight", () => show(middle(0.25), end - start)],
    ["All", "0", () => show(first, last - first)],
  ];
  for (const [name, key, act] of actions) make("button", name, tools).addEventListener("click", act);
  tools.append(told);
  tools.addEventListener("keydown", (event) => {
    for (const [name, key, act] of actions) if (event.key === key) { act(); event.preventDefault(); }
  });
  bar.querySelector("svg").addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = event.currentTarget.getBoundingClientRect();
    const part = (event.clientX - box.left) / box.width;
    const length = (end - start) * (event.deltaY < 0 ? 0.5 : 2);
    show(middle(part) - length * part, length);
  }, { passive: false });
  bar.addEventListener("click", (event) => {
    const row = event.target.dataset ? event.target.dataset.s : undefined;
    if (row) location.hash = row;
  });
}
// --- what a link leads to is opened, and so is all of it on paper
function reveal() {
  let node = document.getElementById(location.hash.slice(1));
  if (!node) return;
  const target = node;
  for (; node; node = node.parentElement) {
    if (node.tagName === "DETAILS") node.open = true;
    node.hidden = false;
  }
  target.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", reveal);
reveal();
addEventListener("beforeprint", () => {
  for (const node of document.querySelectorAll("details")) {
    node.dataset.was = node.open ? "open" : "";
    node.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const node of document.querySelectorAll("details")) node.open = node.dataset.was === "open";
});
