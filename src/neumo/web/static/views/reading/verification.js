/** Verified decisions: under which name a person signs, and sending the verified report to the PACS. */

import { h, icon } from "/static/dom.js";
import { chosenFor, queryOf } from "/static/views/reading/predictive.js";

/** @param {import("/static/app.js").Context} context */
export function signature({ t, me }) {
  return me.verifies && h("p", { class: "quiet small" }, t("decision.signs", { name: readable(me.verifies.name), organization: me.verifies.organization }));
}

/**
 * The button that sends the verified report; nothing where none can be made, and without a PACS or the right to send.
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 */
export function sendButton({ t, me, api, toast }, reading) {
  if (!me.verifies || !me.pacs || !me.sees_patients || !reading.dicom || reading.purged || !reading.decision?.verifier) return null;
  const words = h("span", {}, t("decision.send", { pacs: me.pacs }));
  const button = /** @type {HTMLButtonElement} */ (h("button", { class: "button", type: "button", data: { act: "send" }, on: { click: send } }, icon("upload"), words));
  const state = h("p", { class: "quiet small", role: "status" });

  async function send() {
    button.disabled = true;
    state.textContent = t("decision.sending");
    try {
      const answer = await api.send("POST", `/api/readings/${reading.id}/send?${queryOf(chosenFor(reading))}`);
      state.textContent = t("decision.sent", { pacs: answer.destination });
    } catch (error) {
      state.textContent = "";
      toast(/** @type {Error} */ (error).message, "bad");
    }
    button.disabled = false;
  }

  return h("div", { class: "column" }, button, state);
}

/** A DICOM person name in the order of speech. @param {string} name */
function readable(name) {
  const [family, given = "", middle = "", prefix = "", suffix = ""] = name.split("^");
  return [prefix, given, middle, family, suffix].filter(Boolean).join(" ");
}
