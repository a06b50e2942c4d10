/** The confusion matrix; each cell opens the images in it. */

import { scrolling } from "/static/controls.js";
import { h, replace } from "/static/dom.js";
import { contactSheet } from "/static/views/research/sheet.js";

const FINDINGS = ["NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"];

/** @param {import("/static/app.js").Context} context @param {any} predictions */
export function confusionPanel(context, predictions) {
  const { t } = context;
  const cells = sorted(predictions);
  const list = h("div", { class: "cell-list column" }, h("p", { class: "quiet" }, t("research.open_cell")));
  const largest = Math.max(...cells.flat().map((indices) => indices.length), 1);

  /** @param {number} row @param {number} column @param {HTMLElement} button */
  function open(row, column, button) {
    table.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
    context.announce(button.getAttribute("aria-label") ?? "");
    replace(list, images(context, predictions, cells[row][column], row, column));
  }

  const table = h("table", { class: "matrix" },
    h("caption", { class: "unseen" }, t("research.confusion")),
    h("thead", {},
      h("tr", {}, h("td"), h("th", { colspan: 3, scope: "colgroup" }, t("research.decision"))),
      h("tr", {}, h("th", { scope: "col" }, t("research.truth")), FINDINGS.map((finding) => h("th", { scope: "col" }, t(`findings_short.${finding}`))))),
    h("tbody", {}, FINDINGS.map((truth, row) => h("tr", {}, h("th", { scope: "row" }, t(`findings_short.${truth}`)), FINDINGS.map((decision, column) => {
      const count = cells[row][column].length;
      const button = h("button", {
        class: row === column ? "matrix-cell right" : "matrix-cell wrong", type: "button", style: { "--share": count / largest }, "aria-pressed": "false",
        "aria-label": t("research.cell", { truth: t(`findings_short.${truth}`), decision: t(`findings_short.${decision}`), count }),
        on: { click: () => open(row, column, button) },
      }, count);
      return h("td", {}, button);
    })))));
  return h("section", { class: "panel" }, h("div", { class: "head" }, h("h2", {}, t("research.confusion"))), h("div", { class: "body column" }, scrolling(t("research.confusion"), table), list));
}

/** Return the indices of images by truth and decision. @param {any} predictions @returns {number[][][]} */
function sorted({ truth, probabilities }) {
  /** @type {number[][][]} */
  const cells = FINDINGS.map(() => FINDINGS.map(() => []));
  truth.forEach((/** @type {string} */ finding, /** @type {number} */ index) => {
    const shares = probabilities[index];
    cells[FINDINGS.indexOf(finding)][shares.indexOf(Math.max(...shares))].push(index);
  });
  return cells;
}

/** @param {import("/static/app.js").Context} context @param {any} predictions @param {number[]} indices @param {number} row @param {number} column */
function images(context, predictions, indices, row, column) {
  const { t } = context;
  const byShare = [...indices].sort((a, b) => predictions.probabilities[b][column] - predictions.probabilities[a][column]);
  const title = t("research.cell", { truth: t(`findings_short.${FINDINGS[row]}`), decision: t(`findings_short.${FINDINGS[column]}`), count: indices.length });
  return [
    h("h3", {}, title),
    indices.length > 1 && h("p", { class: "quiet small" }, t("research.most_certain_first")),
    contactSheet(context, predictions, byShare),
  ];
}
