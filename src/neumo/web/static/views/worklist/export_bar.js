/** Export of the selected readings, or of all that match the filters. */

import { h, icon } from "/static/dom.js";
import { saveFile } from "/static/save.js";
import { wordsOf } from "/static/views/worklist/filters.js";

const MOST = 500;

/**
 * @param {import("/static/app.js").Context} context
 * @param {() => URLSearchParams} filters
 * @param {Set<number>} selected
 * @param {() => void} clear
 */
export function createExportBar({ t, me, format, api, toast }, filters, selected, clear) {
  const formats = [["csv", "CSV"], ["jsonl", "JSON Lines"], ...(me.features.parquet ? [["parquet", "Parquet"]] : [])];
  const choice = /** @type {HTMLSelectElement} */ (h("select", { class: "input", "aria-label": t("worklist.format") }, formats.map(([code, name]) => h("option", { value: code }, name))));
  const words = h("span");
  const link = /** @type {HTMLAnchorElement} */ (h("a", { class: "button", href: "/api/export", download: true, on: { click: point } }, icon("download"), words));
  const none = h("button", { class: "button plain", type: "button", hidden: true, on: { click: clear } }, t("worklist.deselect"));

  /** @param {Event} event */
  function point(event) {
    if (selected.size === 0 && Object.keys(wordsOf()).length > 0) {
      event.preventDefault();
      return found();
    }
    const query = selected.size ? new URLSearchParams([...selected].slice(0, MOST).map((id) => ["id", String(id)])) : new URLSearchParams(filters());
    query.delete("sort");
    query.set("format", choice.value);
    link.href = `/api/export?${query}`;
  }

  /** Export what words are found in; they go into the body, so that no URL holds them. */
  async function found() {
    const { sort, ...asked } = Object.fromEntries(filters());
    try {
      const answer = await api.raw("/api/export", { body: { ...asked, ...wordsOf(), format: choice.value } });
      saveFile(await answer.blob(), `neumo-readings.${choice.value}`);
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  function update() {
    words.textContent = selected.size === 0 ? t("worklist.export_all") : t("worklist.export_some", { count: format.number(Math.min(selected.size, MOST)) });
    none.hidden = selected.size === 0;
  }

  update();
  return { element: h("div", { class: "row" }, none, choice, link), update };
}
