/** Comparison of two runs on the same images. */

import { h, replace } from "/static/dom.js";
import { figureName, interval } from "/static/views/research/figures.js";

/** @typedef {import("/static/app.js").Context} Context */

/** @param {Context} context @param {any[]} runs @param {string} name @param {string} part */
export function comparisonPanel(context, runs, name, part) {
  const { t } = context;
  const others = runs.filter((run) => run.name !== name && run.parts.includes(part));
  const body = h("div", { class: "column", "aria-live": "polite" });
  const choice = /** @type {HTMLSelectElement} */ (h("select", { class: "input", "aria-label": t("research.compare_with"), on: { change: show } }, h("option", { value: "" }, t("research.compare_with")), others.map((run) => h("option", { value: run.name }, run.name))));

  async function show() {
    if (!choice.value) return replace(body);
    replace(body, h("p", { class: "loading" }, t("shell.loading")));
    const other = choice.value;
    try {
      const compared = await context.api.get(`/api/compare?runs=${encodeURIComponent(other)},${encodeURIComponent(name)}&part=${encodeURIComponent(part)}`);
      if (choice.value === other) replace(body, result(context, compared));
    } catch (error) {
      replace(body, h("p", { class: "note bad", role: "alert" }, /** @type {Error} */ (error).message));
    }
  }

  return h("section", { class: "panel" },
    h("div", { class: "head" }, h("h2", {}, t("research.comparison")), others.length ? choice : null),
    h("div", { class: "body" }, others.length ? body : h("p", { class: "quiet" }, t("research.none_to_compare"))),
  );
}

/** @param {Context} context @param {any} compared */
function result(context, compared) {
  const { t } = context;
  return [
    compared.conclusion.split("\n\n").map((/** @type {string} */ text) => h("p", {}, text)),
    compared.pairs.map((/** @type {any} */ pair) => h("table", { class: "table" },
      h("caption", {}, t("research.differences", { later: pair.later, earlier: pair.earlier })),
      h("tbody", {}, Object.entries(pair.differences).map(([name, figure]) => h("tr", {}, h("th", { scope: "row" }, figureName(t, name)), h("td", { class: "number" }, interval(context, /** @type {any} */ (figure))), h("td", {}, t(`research.${verdict(/** @type {any} */ (figure))}`))))))),
  ];
}

/** Say whether an interval excludes zero. @param {{low: number | null, high: number | null}} figure */
function verdict({ low, high }) {
  if (low !== null && low > 0) return "higher";
  return high !== null && high < 0 ? "lower" : "no_difference";
}
