/** Accuracy on corrupted images as a heat grid: the worse, the redder, with the number in each cell. */

import { scrolling } from "/static/controls.js";
import { h } from "/static/dom.js";

/** Accuracy of guessing among three findings; the end of the colour scale. */
const CHANCE = 1 / 3;

/**
 * @typedef {{accuracy: number | null, refused: number}} Cell
 * @typedef {{strengths: string[], rows: {damage: string, cells: Cell[]}[]}} Grid
 */

/** @param {import("/static/app.js").Context} context @param {Grid} grid */
export function damageGrid(context, { strengths, rows }) {
  const { t } = context;
  return scrolling(t("bundle.damage"), h("table", { class: "damage" },
    h("caption", {}, t("bundle.damage_caption")),
    h("thead", {},
      h("tr", {}, h("th", { scope: "col", rowspan: 2 }, t("bundle.damage")), h("th", { scope: "colgroup", colspan: strengths.length }, t("bundle.strength"))),
      h("tr", {}, strengths.map((strength) => h("th", { scope: "col" }, strength)))),
    h("tbody", {}, rows.map(({ damage, cells }) => h("tr", {}, h("th", { scope: "row" }, named(t, damage)), cells.map((cell) => cellOf(context, cell)))))));
}

/** @param {import("/static/app.js").Context} context @param {Cell} cell */
function cellOf({ t, format }, { accuracy, refused }) {
  const lost = accuracy === null ? 1 : Math.min(1, (1 - accuracy) / (1 - CHANCE));
  return h("td", { class: accuracy === null ? "damage-cell none" : "damage-cell", style: { "--lost": lost, "--refused": refused } },
    accuracy === null ? h("strong", {}, t("bundle.none_read")) : [h("span", { class: "unseen" }, t("bundle.accuracy")), h("strong", {}, format.percent(accuracy))],
    h("span", { class: "small" }, t("bundle.refused", { share: format.percent(refused) })));
}

/** Name a corruption; as the card does where this version does not know it. @param {import("/static/i18n.js").Translate} t @param {string} damage */
function named(t, damage) {
  const key = `damage.${damage.replaceAll(" ", "_")}`;
  return t(key) === key ? damage : t(key);
}
