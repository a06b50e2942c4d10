/** What is said of files before they are sent: how many are taken, how many are left, and why. */

import { openDialog } from "/static/dialog.js";
import { MOST } from "/static/dropped.js";
import { h } from "/static/dom.js";

/**
 * Send what was dropped or picked; where something is left that may be a radiograph, only after the person agreed.
 * @param {import("/static/app.js").Context} context
 * @param {import("/static/dropped.js").Taking} taking
 * @param {() => void} send
 */
export function takeIn({ t, toast }, taking, send) {
  const left = taking.beyond + taking.unreadable;
  if (taking.found.length === 0) return toast([t("reading.nothing_dropped"), ...reasons(t, taking)].join(" "), "bad");
  if (left === 0) return send();
  const dialog = openDialog(t, t("reading.left_title"), [
    h("div", { class: "column" },
      h("p", {}, t("reading.taken", { count: taking.found.length })),
      reasons(t, taking).map((text) => h("p", {}, text)),
      h("button", { class: "button primary", type: "button", data: { act: "take" }, on: { click: agree } }, t("reading.send_taken", { count: taking.found.length })),
    ),
  ]);

  function agree() {
    dialog.close();
    send();
  }
}

/** @param {import("/static/i18n.js").Translate} t @param {import("/static/dropped.js").Taking} taking @returns {string[]} */
function reasons(t, { unlike, beyond, unreadable }) {
  return [
    beyond > 0 && t("reading.left_beyond", { count: beyond, most: MOST }),
    unreadable > 0 && t("reading.left_unreadable", { count: unreadable }),
    unlike > 0 && t("reading.skipped", { count: unlike }),
  ].filter((text) => text !== false);
}
