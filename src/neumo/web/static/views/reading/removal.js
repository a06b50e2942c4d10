/** Removing a reading that should not be on record, with the reason that the log keeps; offered to those who may. */

import { h } from "/static/dom.js";

const REASONS = ["wrong_file", "wrong_patient", "duplicate", "no_radiograph"];

/**
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 */
export function removalSection({ api, t, toast, navigate }, reading) {
  if (!reading.removable) return null;
  const reason = h("select", { class: "input", name: "reason", required: true }, h("option", { value: "" }, t("removal.choose")), REASONS.map((name) => h("option", { value: name }, t(`removal.${name}`))));

  /** @param {Event} event */
  async function remove(event) {
    event.preventDefault();
    const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
    try {
      await api.send("POST", `/api/readings/${reading.id}/removal`, { reason: data.get("reason") });
      toast(t("removal.done"));
      navigate(location.pathname + location.search, { replace: true }); // nothing of the patient is left on the page
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  return h("section", { class: "section" },
    h("details", { class: "removal" }, h("summary", {}, t("removal.open")),
      h("form", { class: "column", on: { submit: remove } },
        h("p", { class: "quiet small" }, t("removal.text")),
        h("label", { class: "field" }, h("span", {}, t("removal.reason")), reason),
        h("div", {}, h("button", { class: "button", type: "submit" }, t("removal.remove"))),
      ),
    ),
  );
}
