/** The head of a reading: whose radiograph it is. */

import { h } from "/static/dom.js";
import { patientFacts } from "/static/patient.js";

/** @param {import("/static/app.js").Context} context @param {any} reading */
export function patientHead(context, reading) {
  const { patient } = reading;
  if (!patient) return null;
  return h("section", { class: "patient-head", "aria-label": context.t("patient.name") },
    patient.name && h("strong", { class: "patient-name" }, patient.name),
    h("dl", {}, patientFacts(context, patient).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value)))),
  );
}
