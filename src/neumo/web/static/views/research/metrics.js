/** A run's metrics with their confidence intervals. */

import { scrolling } from "/static/controls.js";
import { h } from "/static/dom.js";

/** @typedef {import("/static/app.js").Context} Context */

/** The value and its interval, which is never broken over lines. @param {Context} context @param {{value: number | null, low: number | null, high: number | null}} metric */
export function interval({ t, format }, metric) {
  if (metric?.value === null || metric?.value === undefined) return t("research.undefined");
  const digits = (/** @type {number | null} */ value) => (value === null ? "–" : format.number(value, 3));
  return [digits(metric.value), " ", h("span", { class: "whole" }, `(${digits(metric.low)}–${digits(metric.high)})`)];
}

/** @param {import("/static/i18n.js").Translate} t @param {string} name */
export function metricName(t, name) {
  const key = `metrics.${name}`;
  return t(key) === key ? name.replaceAll("_", " ") : t(key);
}

/** @param {Context} context @param {any} evaluation */
export function metricsPanel(context, evaluation) {
  const { t } = context;
  return h("section", { class: "panel" },
    h("div", { class: "head" }, h("h2", {}, t("research.metrics")), h("span", { class: "quiet small" }, t("research.basis", { images: evaluation.images, patients: evaluation.patients }))),
    h("div", { class: "body pair metrics" }, overall(context, evaluation), byClass(context, evaluation)),
  );
}

/** @param {Context} context @param {any} evaluation */
function overall(context, evaluation) {
  return h("table", { class: "table" }, h("caption", {}, context.t("research.overall")), h("tbody", {},
    Object.entries(evaluation.overall).map(([name, metric]) => h("tr", {}, h("th", { scope: "row" }, metricName(context.t, name)), h("td", { class: "number" }, interval(context, /** @type {any} */ (metric)))))));
}

/** @param {Context} context @param {any} evaluation */
function byClass(context, evaluation) {
  const { t } = context;
  const names = ["recall", "precision", "f1", "auroc"];
  return scrolling(t("research.by_class"), h("table", { class: "table" }, h("caption", {}, t("research.by_class")),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("research.finding")), names.map((name) => h("th", { scope: "col", class: "number" }, metricName(t, name))))),
    h("tbody", {}, evaluation.by_class.map((/** @type {any} */ row) =>
      h("tr", {}, h("th", { scope: "row" }, t(`findings_short.${row.finding}`)), names.map((name) => h("td", { class: "number" }, interval(context, row[name]))))))));
}
