/** How many radiographs of which kind are needed. */

import { h, icon, replace } from "/static/dom.js";
import { field, keptForm, numberIn, panel } from "/static/views/commissioning/fields.js";
import { table } from "/static/views/research/card.js";

const NAMES = ["prevalence", "sensitivity", "least_sensitivity", "specificity", "least_specificity", "images_per_patient"];
const DEFAULTS = [0.15, 0.9, 0.8, 0.85, 0.75, 1];

/** @param {import("/static/views/commissioning/commissioning.js").Step} step */
export function planPanel({ context }) {
  const { t, api } = context;
  const found = h("div", { class: "column", "aria-live": "polite" });

  /** @param {FormData} values */
  async function ask(values) {
    replace(found, h("p", { class: "loading", role: "status" }, t("shell.loading")));
    try {
      const plan = await api.send("POST", "/api/commissioning/plan", Object.fromEntries(NAMES.map((name) => [name, numberIn(values, name)])));
      replace(found, table(plan.headings, plan.rows), plan.sentences.map((/** @type {string} */ sentence) => h("p", {}, sentence)));
    } catch (error) {
      replace(found, h("p", { class: "note bad told", role: "alert" }, icon("warning"), /** @type {Error} */ (error).message));
    }
  }

  return panel(t("commissioning.plan"),
    h("p", { class: "quiet" }, t("commissioning.plan_text")),
    keptForm("plan", ask,
      h("div", { class: "fields" }, NAMES.map((name, index) => field(name, t(`commissioning.expected.${name}`), { type: "number", step: "any", min: "0", value: DEFAULTS[index], required: true }))),
      h("div", { class: "row" }, h("button", { class: "button", type: "submit" }, t("commissioning.plan_ask"))),
    ),
    found,
  );
}
