/** The answer in words: the finding and the prediction set, or why there is none. */

import { h, icon } from "/static/dom.js";
import { pointName } from "/static/views/reading/predictive.js";

/** @param {import("/static/app.js").Context} context @param {any} reading */
export function verdictSection(context, reading) {
  const { t } = context;
  if (reading.withheld) return unanswered("hidden", t("reading.withheld_title"), t("reading.withheld_text"));
  if (reading.finding === null) return unanswered("refused", t("reading.refused_title"), t(reading.purged ? "reading.purged_text" : "reading.refused_text"));
  if (reading.purged) return unanswered("archive", t(`findings.${reading.finding}`), t("reading.purged_text"));
  return h("section", { class: "section verdict", data: { finding: reading.finding } },
    h("h2", { class: "verdict-finding" }, t(`findings.${reading.finding}`)),
    h("p", {}, capital(setInWords(context, reading))),
    h("p", { class: "quiet" }, t(reading.pneumonia ? "reading.at_point_above" : "reading.at_point_below", { point: pointName(t, reading.operating_point) })),
  );
}

/**
 * Say in words which findings cannot be ruled out.
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 */
export function setInWords({ t, format }, reading) {
  const names = reading.prediction_set.map((/** @type {string} */ finding) => t(`findings.${finding}`).toLocaleLowerCase());
  const coverage = format.percent(reading.coverage);
  if (names.length === 0) return t("reading.set_none", { coverage });
  if (names.length === 1) return t("reading.set_one", { finding: names[0], coverage });
  if (names.length === 3) return t("reading.set_all", { coverage });
  return t("reading.set_two", { first: names[0], second: names[1], coverage });
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** @param {string} sign @param {string} title @param {string} text */
function unanswered(sign, title, text) {
  return h("section", { class: "section verdict" }, h("h2", { class: "verdict-finding row" }, icon(sign), title), h("p", {}, text));
}
