/** Comparison of runs on the same images: each later one against each earlier one. */

import { scrolling } from "/static/controls.js";
import { h, replace } from "/static/dom.js";
import { metricName, interval } from "/static/views/research/metrics.js";

/** Limit of the API. */
const MOST = 8;
const SHOWN = ["accuracy", "balanced_accuracy", "macro_auroc", "auroc_normal_vs_pneumonia", "auroc_bacterial_vs_viral"];

/** @typedef {import("/static/app.js").Context} Context */

/** @param {Context} context @param {any[]} runs @param {string} name @param {string} part */
export function comparisonPanel(context, runs, name, part) {
  const { t } = context;
  const others = runs.filter((run) => run.name !== name && run.parts.includes(part));
  const body = h("div", { class: "column", "aria-live": "polite" });
  const boxes = others.map((run) => /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", value: run.name, on: { change: choose } })));
  const button = /** @type {HTMLButtonElement} */ (h("button", { class: "button", type: "submit", disabled: true }, t("research.compare")));
  let asked = "";

  function choose() {
    const chosen = boxes.filter((box) => box.checked).length;
    button.disabled = chosen === 0;
    for (const box of boxes) box.disabled = !box.checked && chosen >= MOST - 1;
  }

  /** @param {Event} event */
  async function show(event) {
    event.preventDefault();
    const names = [...boxes.filter((box) => box.checked).map((box) => box.value), name];
    const query = String(new URLSearchParams({ runs: names.join(","), part }));
    asked = query;
    replace(body, h("p", { class: "loading" }, t("shell.loading")));
    try {
      const compared = await context.api.get(`/api/compare?${query}`);
      if (asked === query) replace(body, result(context, compared));
    } catch (error) {
      if (asked === query) replace(body, h("p", { class: "note bad", role: "alert" }, /** @type {Error} */ (error).message));
    }
  }

  const form = h("form", { class: "column", on: { submit: show } },
    h("fieldset", { class: "compared" },
      h("legend", {}, t("research.compare_with", { name })),
      h("div", { class: "row" }, others.map((run, index) => h("label", { class: "row" }, boxes[index], run.name))),
      others.length >= MOST && h("p", { class: "quiet small" }, t("research.compare_most", { count: MOST - 1 }))),
    h("div", {}, button));
  return h("section", { class: "panel" },
    h("div", { class: "head" }, h("h2", {}, t("research.comparison"))),
    h("div", { class: "body column" }, others.length ? [form, body] : h("p", { class: "quiet" }, t("research.none_to_compare"))),
  );
}

/** @param {Context} context @param {any} compared */
function result(context, compared) {
  const { t } = context;
  return [
    compared.conclusion.split("\n\n").map((/** @type {string} */ text) => h("p", {}, text)),
    overview(context, compared),
    compared.pairs.map((/** @type {any} */ pair) => differences(context, pair, compared.pairs.length === 1)),
    h("p", { class: "quiet small" }, t("research.compare_basis", { resamples: compared.resamples })),
  ];
}

/** @param {Context} context @param {any} compared */
function overview(context, { runs }) {
  const { t } = context;
  const names = SHOWN.filter((name) => name in runs[0].figures);
  return scrolling(t("research.compared_runs"), h("table", { class: "table" },
    h("caption", {}, t("research.compared_runs")),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("research.run")), names.map((name) => h("th", { scope: "col", class: "number" }, metricName(t, name))))),
    h("tbody", {}, runs.map((/** @type {any} */ run) => h("tr", {}, h("th", { scope: "row" }, run.name), names.map((name) => h("td", { class: "number" }, interval(context, run.figures[name]))))))));
}

/** @param {Context} context @param {any} pair @param {boolean} alone whether it is the only one, and so shown at once */
function differences(context, pair, alone) {
  const { t } = context;
  const title = t("research.differences", { later: pair.later, earlier: pair.earlier });
  const table = h("table", { class: "table" },
    h("caption", { class: alone ? "" : "unseen" }, title),
    h("tbody", {}, Object.entries(pair.differences).map(([name, figure]) => h("tr", {}, h("th", { scope: "row" }, metricName(t, name)), h("td", { class: "number" }, interval(context, /** @type {any} */ (figure))), h("td", {}, t(`research.${verdict(/** @type {any} */ (figure))}`))))));
  const shown = scrolling(title, table);
  return alone ? shown : h("details", {}, h("summary", {}, title), shown);
}

/** Say whether an interval excludes zero. @param {{low: number | null, high: number | null}} figure */
function verdict({ low, high }) {
  if (low !== null && low > 0) return "higher";
  return high !== null && high < 0 ? "lower" : "no_difference";
}
