/** The worklist, live: search, filters, sorting, virtual scrolling, selection and export. */

import { h, icon, replace } from "/static/dom.js";
import { followChanges } from "/static/live.js";
import { createExportBar } from "/static/views/worklist/export_bar.js";
import { createFilters, readFilters, tells, wordsOf } from "/static/views/worklist/filters.js";
import { createPager } from "/static/views/worklist/pager.js";
import { createHead, drawRow } from "/static/views/worklist/row.js";
import { createWindow } from "/static/views/worklist/window.js";

const MOST_CHANGES = 100;

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context */
export async function mount(root, context) {
  const { t, format, announce } = context;
  /** @type {URLSearchParams} */
  let filters = readFilters(context.route.query);
  /** @type {Set<number>} */
  const selected = new Set();
  const count = h("p", { class: "quiet", role: "status" });
  const blind = h("p", { class: "quiet small", hidden: true }, t("worklist.blinded"));
  const fresh = h("button", { class: "button", type: "button", hidden: true, on: { click: () => restart() } }, icon("reset"), t("worklist.fresh"));
  /** @type {any} */
  let counted = { count: 0, count_is_exact: true };
  let unfollow = () => {};
  const bar = createFilters(context, filters, filter);
  const head = createHead(context, filters, sort);
  const exports = createExportBar(context, () => filters, selected, clear);
  const list = createWindow({
    draw: (row, index) => drawRow(context, row, index, selected.has(row.id), toggle, filters),
    more: () => pager.more(),
    empty: () => h("div", { class: "empty" }, h("h2", {}, t(searching() ? "worklist.none_match" : "worklist.none")), h("p", {}, t(searching() ? "worklist.none_match_text" : "worklist.none_text"))),
  });
  const searching = () => filters.size + Object.keys(wordsOf()).length > 0;
  const pager = createPager(context.api, { rows, first: shown, changed: recount, failed: list.fail, again: t("shell.again") });

  /** Columns of patients stand only where some file named one. @param {any[]} all @param {boolean} ended */
  function rows(all, ended) {
    table.classList.toggle("with-patients", all.some((row) => row.patient));
    list.show(all, ended);
  }

  /** @param {any} page */
  function shown(page) {
    counted = page;
    recount(0);
    announce(count.textContent ?? "");
    bar.sources(page.sources);
    fresh.hidden = true;
    unfollow();
    unfollow = followChanges(page.sequence, change);
  }

  /** @param {number} by */
  function recount(by) {
    if (counted.count_is_exact) counted.count += by;
    blind.hidden = !(context.me.blinded && tells(filters));
    count.textContent = t(counted.count_is_exact ? "worklist.count" : "worklist.count_over", { count: counted.count, shown: format.number(counted.count) });
  }

  /** Take in what others recorded or decided meanwhile. @param {number[] | null} numbers */
  async function change(numbers) {
    if (numbers === null || numbers.length > MOST_CHANGES) return offer();
    try {
      const first = await pager.change(numbers);
      if (first < 0) offer();
      else list.changed(first);
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "AbortError") offer();
    }
  }

  /** Fetch the list anew, where nobody looks further down; else offer it. */
  function offer() {
    if (list.atTop() && selected.size === 0) restart();
    else fresh.hidden = false;
  }

  /** @param {URLSearchParams} next */
  function filter(next) {
    const order = filters.get("sort");
    filters = next;
    if (order) filters.set("sort", order);
    restart();
  }

  /** @param {string} order */
  function sort(order) {
    filters.set("sort", order);
    restart();
  }

  function restart() {
    history.replaceState(null, "", `/worklist${filters.size ? `?${filters}` : ""}`);
    clear();
    head.mark(filters.get("sort"));
    list.reset();
    pager.start(filters, wordsOf());
  }

  /** @param {number} id @param {boolean} on */
  function toggle(id, on) {
    if (on) selected.add(id);
    else selected.delete(id);
    exports.update();
  }

  function clear() {
    selected.clear();
    exports.update();
    list.redraw();
  }

  const table = h("div", { class: "worklist-table", role: "table", "aria-label": t("nav.worklist"), "aria-rowcount": "-1" }, head.element, list.element);
  replace(root,
    h("div", { class: "worklist" },
      h("header", { class: "worklist-head row spread" }, h("div", { class: "row" }, h("h1", {}, t("nav.worklist")), count, blind, fresh), exports.element),
      bar.element,
      table,
    ),
  );
  list.begin();
  pager.start(filters, wordsOf());
  return () => {
    unfollow();
    pager.stop();
    list.stop();
  };
}
