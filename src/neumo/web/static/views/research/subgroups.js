/** Metrics by subgroup; groups too small to evaluate are marked. */

import { scrolling } from "/static/controls.js";
import { h, icon, replace } from "/static/dom.js";
import { interval } from "/static/views/research/metrics.js";

const SHOWN = ["sensitivity", "specificity", "auroc_normal_vs_pneumonia", "balanced_accuracy"];

/** @param {import("/static/app.js").Context} context @param {string} name @param {string} part @param {string[]} columns */
export function subgroupsPanel(context, name, part, columns) {
  const { t } = context;
  const body = scrolling(t("research.subgroups"));
  const choice = /** @type {HTMLSelectElement} */ (h("select", { class: "input", "aria-label": t("research.column"), on: { change: show } }, columns.map((column) => h("option", { value: column }, column))));

  async function show() {
    const column = choice.value;
    replace(body, h("p", { class: "loading" }, t("shell.loading")));
    try {
      const found = await context.api.get(`/api/runs/${encodeURIComponent(name)}/subgroups?column=${encodeURIComponent(column)}&part=${encodeURIComponent(part)}&resamples=200`);
      if (choice.value === column) replace(body, basis(context, found), table(context, found));
    } catch (error) {
      replace(body, h("p", { class: "note bad", role: "alert" }, /** @type {Error} */ (error).message));
    }
  }

  if (columns.length) show();
  return h("section", { class: "panel" },
    h("div", { class: "head" }, h("h2", {}, t("research.subgroups")), columns.length ? choice : null),
    h("div", { class: "body" }, columns.length ? body : h("p", { class: "quiet" }, t("research.no_columns"))),
  );
}

/** State the basis of the metrics. @param {import("/static/app.js").Context} context @param {any} found */
function basis({ t, format }, found) {
  return h("p", { class: "quiet small" }, t("research.subgroup_basis", { threshold: format.number(found.operating_point.threshold, 2), resamples: found.resamples }));
}

/** @param {import("/static/app.js").Context} context @param {any} found */
function table(context, found) {
  const { t } = context;
  return h("table", { class: "table" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, found.column), h("th", { scope: "col", class: "number" }, t("research.patients")), SHOWN.map((figure) => h("th", { scope: "col", class: "number" }, t(`metrics.${figure}`))))),
    h("tbody", {}, found.groups.map((/** @type {any} */ group) => h("tr", { class: group.judgeable ? "" : "too-small" },
      h("th", { scope: "row" }, group.name, group.judgeable ? null : h("span", { class: "tag warn" }, icon("warning"), t("research.too_small"))),
      h("td", { class: "number" }, group.patients),
      SHOWN.map((figure) => h("td", { class: "number" }, interval(context, group.figures[figure])))))));
}
