/** Warnings of an answer, and reasons of a refusal with their remedies. */

import { h, icon } from "/static/dom.js";
import { ageOverride } from "/static/views/reading/age_override.js";

/** @param {import("/static/app.js").Context} context @param {any} reading */
export function noticesSection(context, reading) {
  const { t } = context;
  const { warnings, reasons } = reading.notices;
  if (warnings.length + reasons.length === 0) return null;
  return h("section", { class: "section column", "aria-label": t("reading.notices") },
    reasons.map((/** @type {any} */ notice) => note(t, notice, "bad")),
    ageOverride(context, reading),
    warnings.map((/** @type {any} */ notice) => note(t, notice, "warn")),
  );
}

/** @param {import("/static/i18n.js").Translate} t @param {{code: string, text: string}} notice @param {string} kind */
function note(t, notice, kind) {
  const key = `remedies.${notice.code}`;
  const remedy = t(key);
  return h("div", { class: `note ${kind}`, data: { code: notice.code } },
    icon(kind === "bad" ? "refused" : "warning"),
    h("div", {}, h("p", {}, notice.text), remedy !== key && h("p", { class: "remedy" }, remedy)),
  );
}
