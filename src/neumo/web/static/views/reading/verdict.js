/** The answer in words: the finding and the prediction set, or why there is none. */

import { h, icon } from "/static/dom.js";

/** @param {import("/static/app.js").Context} context @param {any} reading */
export function verdictSection(context, reading) {
  const { t } = context;
  if (reading.withheld) return unanswered("hidden", t("reading.withheld_title"), t("reading.withheld_text"));
  if (reading.finding === null) return unanswered("refused", t("reading.refused_title"), t("reading.refused_text"));
  return h("section", { class: "section verdict", data: { finding: reading.finding } },
    h("h2", { class: "verdict-finding" }, t(`findings.${reading.finding}`)),
    h("p", {}, setInWords(context, reading)),
  );
}

/**
 * Say in words which findings cannot be ruled out.
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 */
export function setInWords({ t, format }, reading) {
  const names = reading.prediction_set.map((/** @type {string} */ finding) => t(`findings_short.${finding}`).toLocaleLowerCase());
  const coverage = format.percent(reading.coverage);
  if (names.length === 0) return t("reading.set_none", { coverage });
  if (names.length === 1) return t("reading.set_one", { finding: names[0], coverage });
  if (names.length === 3) return t("reading.set_all", { coverage });
  return t("reading.set_two", { first: names[0], second: names[1], coverage });
}

/** @param {string} sign @param {string} title @param {string} text */
function unanswered(sign, title, text) {
  return h("section", { class: "section verdict" }, h("h2", { class: "verdict-finding row" }, icon(sign), title), h("p", {}, text));
}
