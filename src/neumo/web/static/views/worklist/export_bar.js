/** Export of the selected readings, or of all that match the filters. */

import { h, icon } from "/static/dom.js";

const MOST = 500;

/**
 * @param {import("/static/app.js").Context} context
 * @param {() => URLSearchParams} filters
 * @param {Set<number>} selected
 * @param {() => void} clear
 */
export function createExportBar({ t, me, format }, filters, selected, clear) {
  const formats = [["csv", "CSV"], ["jsonl", "JSON Lines"], ...(me.features.parquet ? [["parquet", "Parquet"]] : [])];
  const choice = /** @type {HTMLSelectElement} */ (h("select", { class: "input", "aria-label": t("worklist.format") }, formats.map(([code, name]) => h("option", { value: code }, name))));
  const words = h("span");
  const link = /** @type {HTMLAnchorElement} */ (h("a", { class: "button", href: "/api/export", download: true, on: { click: point } }, icon("download"), words));
  const none = h("button", { class: "button plain", type: "button", hidden: true, on: { click: clear } }, t("worklist.deselect"));

  function point() {
    const query = selected.size ? new URLSearchParams([...selected].slice(0, MOST).map((id) => ["id", String(id)])) : new URLSearchParams(filters());
    query.delete("sort");
    query.set("format", choice.value);
    link.href = `/api/export?${query}`;
  }

  function update() {
    words.textContent = selected.size === 0 ? t("worklist.export_all") : t("worklist.export_some", { count: format.number(Math.min(selected.size, MOST)) });
    none.hidden = selected.size === 0;
  }

  update();
  return { element: h("div", { class: "row" }, none, choice, link), update };
}
