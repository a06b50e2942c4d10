/** Other readings of the same patient, newest study first. */

import { h, icon, replace } from "/static/dom.js";
import { outcome } from "/static/views/reading/rail.js";

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
function prior(context, row) {
  const { t, format } = context;
  const { patient } = row;
  const other = row.contradicts && t("reading.contradicts", { name: patient.name ?? "–", born: patient.birth_date ? format.day(patient.birth_date) : "–" });
  return h("a", { class: "rail-item", href: `/readings/${row.id}` },
    h("span", { class: "rail-name" }, patient.study_date ? format.day(patient.study_date) : format.time(row.time)),
    outcome(context, row, row.decision && h("span", {}, t(`conclusions_short.${row.decision}`))),
    other && h("span", { class: "contradicts small bad", title: other }, icon("warning"), h("span", {}, other)),
  );
}
