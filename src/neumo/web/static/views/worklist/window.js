/** Virtual scrolling: only the visible rows of a long list are in the DOM. */

import { h, icon, replace } from "/static/dom.js";

const SPARE = 12;

/**
 * @param {object} parts
 * @param {(row: any, index: number) => HTMLElement} parts.draw
 * @param {() => void} parts.more called near the end of what is loaded
 * @param {() => HTMLElement} parts.empty
 */
export function createWindow({ draw, more, empty }) {
  /** @type {any[]} */
  let rows = [];
  let ended = false;
  /** Height of a row in pixels; the style sheet knows it. */
  let high = 44;
  /** @type {Map<number, HTMLElement>} */
  const drawn = new Map();
  const body = h("div", { class: "window-body", role: "rowgroup" });
  const end = h("div", { class: "window-end" });
  const element = h("div", { class: "window", role: "presentation", on: { scroll: () => requestAnimationFrame(paint), keydown: step } }, body, end);
  const watcher = new ResizeObserver(() => (measured() ? redraw() : paint()));

  /** Ask the style sheet for the height of a row: is it another than before? */
  function measured() {
    const before = high;
    high = Number.parseFloat(getComputedStyle(element).getPropertyValue("--row")) || before;
    body.style.setProperty("height", `${rows.length * high}px`);
    return high !== before;
  }

  function paint() {
    const first = Math.max(0, Math.floor(element.scrollTop / high) - SPARE);
    const last = Math.min(rows.length, Math.ceil((element.scrollTop + element.clientHeight) / high) + SPARE);
    for (const [index, row] of drawn) if (index < first || index >= last) forget(index, row);
    for (let index = first; index < last; index++) if (!drawn.has(index)) place(index);
    if (!ended && last + SPARE * 2 >= rows.length) more();
  }

  /** @param {number} index */
  function place(index) {
    const row = draw(rows[index], index);
    row.style.setProperty("top", `${index * high}px`);
    row.dataset.index = String(index);
    drawn.set(index, row);
    // Rows stand in their order, so that Tab and screen readers go through them from above to below.
    const after = [...body.children].find((other) => Number(/** @type {HTMLElement} */ (other).dataset.index) > index);
    body.insertBefore(row, after ?? null);
  }

  /** @param {number} index @param {HTMLElement} row */
  function forget(index, row) {
    if (row.contains(document.activeElement)) return;
    row.remove();
    drawn.delete(index);
  }

  function redraw() {
    body.replaceChildren();
    drawn.clear();
    paint();
  }

  /** Move the focus from row to row with the arrow keys. @param {KeyboardEvent} event */
  function step(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-index]"));
    if (!by || !from) return;
    event.preventDefault();
    const to = Number(from.dataset.index) + by;
    if (to < 0 || to >= rows.length) return;
    const top = to * high;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top + high > element.scrollTop + element.clientHeight) element.scrollTop = top + high - element.clientHeight;
    paint();
    drawn.get(to)?.querySelector("a")?.focus();
  }

  return {
    element,
    redraw,
    begin: () => watcher.observe(element),
    stop: () => watcher.disconnect(),
    reset: () => {
      rows = [];
      ended = true;
      element.scrollTop = 0;
      body.style.setProperty("height", "0");
      redraw();
      replace(end, h("span", { class: "loading", role: "status" }));
    },
    /** Whether the beginning of the list is seen. */
    atTop: () => element.scrollTop < high,
    /** Draw all rows anew, after `first` were put before them; what a person looks at stays where it is. @param {number} first */
    changed: (first) => {
      if (element.scrollTop >= high) element.scrollTop += first * high;
      redraw();
    },
    show: (/** @type {any[]} */ all, /** @type {boolean} */ last) => {
      rows = all;
      ended = last;
      if (measured()) redraw();
      else paint();
      replace(end, rows.length === 0 && empty());
    },
    fail: (/** @type {string} */ text, /** @type {string} */ again, /** @type {() => void} */ retry) => {
      ended = true;
      replace(end, h("div", { class: "note bad", role: "alert" }, icon("warning"), text, h("button", { class: "button", type: "button", on: { click: retry } }, again)));
    },
  };
}
