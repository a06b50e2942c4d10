/** Reading a radiograph that was refused for the patient's age all the same, for a reason. */

import { tooLong } from "/static/controls.js";
import { openDialog } from "/static/dialog.js";
import { h, icon } from "/static/dom.js";

const MAX_REASON = 500;

/**
 * A button that asks for the reason; null where the server does not offer it.
 * @param {import("/static/app.js").Context} context @param {any} reading
 */
export function ageOverride(context, reading) {
  if (!reading.age_override) return null;
  return h("button", { class: "button", type: "button", on: { click: () => ask(context, reading) } }, context.t("age_override.open"));
}

/** @param {import("/static/app.js").Context} context @param {any} reading */
function ask({ t, api, navigate, unsent }, reading) {
  const failure = h("p", { class: "note bad", role: "alert", hidden: true });
  const reason = /** @type {HTMLTextAreaElement} */ (h("textarea", { class: "input", id: "age-reason", rows: "3", required: true, on: { input: () => unsent.keepText("reason", reading, reason.value) } }));
  const send = /** @type {HTMLButtonElement} */ (h("button", { class: "button primary", type: "submit" }, t("age_override.read")));
  const dialog = openDialog(t, t("age_override.title"), [
    h("form", { class: "column", novalidate: true, on: { submit } },
      h("p", {}, t("age_override.text")),
      h("div", { class: "field" }, h("label", { for: "age-reason" }, t("age_override.reason")), reason),
      failure, send,
    ),
  ]);

  unsent.loadText("reason", reading).then((text) => {
    reason.value ||= text;
  });

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (!reason.value.trim()) return fail(t("age_override.missing"));
    const excess = tooLong(t, reason, t("age_override.reason"), MAX_REASON);
    if (excess) return fail(excess);
    send.disabled = true;
    try {
      const made = await api.send("POST", `/api/readings/${reading.id}/age-override`, { reason: reason.value });
      await unsent.keepText("reason", reading, "");
      dialog.close();
      navigate(`/readings/${made.id}`);
    } catch (error) {
      send.disabled = false;
      fail(/** @type {Error} */ (error).message);
    }
  }

  /** @param {string} text */
  function fail(text) {
    failure.replaceChildren(icon("warning"), text);
    failure.hidden = false;
    reason.focus();
  }
}
