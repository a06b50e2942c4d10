/** Help dialog: keyboard shortcuts. */

import { h } from "/static/dom.js";
import { openDialog } from "/static/dialog.js";

/** @type {Record<string, [string, string][]>} */
const SHEET = {
  viewer: [["+ −", "zoom"], ["← → ↑ ↓", "pan"], ["F", "fit"], ["1", "actual"], ["I", "invert"], ["W", "window"], ["H", "overlay"], ["M", "mode"], ["[ ]", "opacity"], ["R", "reset"]],
  reading: [["U", "upload"], ["N", "next"], ["P", "previous"], ["A", "agree"], ["D", "disagree"]],
  everywhere: [["?", "help"], ["Esc", "close"]],
};

/** @param {import("/static/i18n.js").Translate} t */
export function showHelp(t) {
  const groups = Object.entries(SHEET).map(([group, keys]) =>
    h("section", {},
      h("h3", {}, t(`help.${group}`)),
      h("dl", {}, keys.flatMap(([key, action]) => [h("dt", {}, key.split(" ").flatMap((k) => [h("kbd", {}, k), " "])), h("dd", {}, t(`help.${action}`))])),
    ),
  );
  openDialog(t, t("help.title"), [h("div", { class: "keys" }, groups)]);
}
