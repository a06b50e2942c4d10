/** Other readings of the same patient, newest study first. */

import { h, icon, replace } from "/static/dom.js";

/**
 * Return the list's place, which fills when the server has answered; nothing stands there without another reading.
 * @param {import("/static/app.js").Context} context @param {any} reading
 */
export function createPriors(context, reading) {
  const place = h("div", { class: "priors" });
  if (reading.patient?.id) load(context, reading.id, place);
  return place;
}

/** @param {import("/static/app.js").Context} context @param {number} id @param {HTMLElement} place */
async function load(context, id, place) {
  const { api, t } = context;
  try {
    const { readings, complete } = await api.get(`/api/readings/${id}/priors`);
    if (readings.length === 0) return;
    replace(place,
      h("h2", { class: "rail-head" }, t("reading.priors")),
      h("ul", { "aria-label": t("reading.priors") }, readings.map((/** @type {any} */ row) => h("li", {}, prior(context, row)))),
      !complete && h("p", { class: "rail-empty quiet small" }, t("reading.priors_more")),
    );
  } catch (error) {
    context.toast(/** @type {Error} */ (error).message, "bad");
  }
}

/** @param {import("/static/app.js").Context} context @param {any} row */
function prior({ t, format }, row) {
  const date = row.patient.study_date ? format.day(row.patient.study_date) : format.time(row.time);
  return h("a", { class: "rail-item", href: `/readings/${row.id}` },
    h("span", { class: "rail-name" }, date),
    h("span", { class: "small quiet row" }, h("span", { class: "dot", data: row.finding ? { finding: row.finding } : {} }), answer(t, row)),
    row.decisions > 0 && h("span", { class: "small quiet" }, row.decision ? `${t("worklist.decision")}: ${t(`conclusions_short.${row.decision}`)}` : t("reading.decided")),
    row.contradicts && h("span", { class: "small bad row" }, icon("warning"), t("reading.contradicts", { name: row.patient.name ?? "–", born: row.patient.birth_date ? format.day(row.patient.birth_date) : "–" })),
  );
}

/** @param {import("/static/i18n.js").Translate} t @param {any} row */
function answer(t, row) {
  if (row.withheld) return t("reading.withheld_short");
  return row.finding ? t(`findings_short.${row.finding}`) : t(`reading.status_${row.status}`);
}
