/** Help dialog: keyboard shortcuts. */

import { h } from "/static/dom.js";
import { openDialog } from "/static/dialog.js";

/** @type {Record<string, [string, string][]>} */
const SHEET = {
  viewer: [
    ["W", "window"], ["1 2 3 4", "presets"], ["G", "move_tool"], ["T", "measure"], ["key_delete", "clear_lines"],
    ["+ −", "zoom"], ["← → ↑ ↓", "pan"], ["F", "fit"], ["0", "actual"], ["I", "invert"], ["R L", "turn"], ["H", "mirror"],
    ["O", "overlay"], ["M", "mode"], ["[ ]", "opacity"], ["key_space", "reset"],
  ],
  mouse: [["mouse_left", "drag_left"], ["mouse_middle", "drag_middle"], ["mouse_right", "drag_right"], ["mouse_wheel", "wheel"], ["mouse_double", "double"]],
  reading: [["U", "upload"], ["N", "next"], ["P", "previous"], ["A", "agree"], ["D", "disagree"]],
  everywhere: [["?", "help"], ["Esc", "close"]],
};

/** @param {import("/static/i18n.js").Translate} t */
export function showHelp(t) {
  const groups = Object.entries(SHEET).map(([group, keys]) =>
    h("section", {},
      h("h3", {}, t(`help.${group}`)),
      h("dl", {}, keys.flatMap(([key, action]) => [h("dt", {}, key.startsWith("mouse_") ? t(`help.${key}`) : key.split(" ").flatMap((k) => [h("kbd", {}, k.startsWith("key_") ? t(`help.${k}`) : k), " "])), h("dd", {}, t(`help.${action}`))])),
    ),
  );
  openDialog(t, t("help.title"), [h("div", { class: "keys" }, groups)]);
}
