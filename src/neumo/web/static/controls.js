/** Controls that several parts of the page have. */

import { h, icon } from "/static/dom.js";

/**
 * Create a square button of an icon alone, with its name for screen readers and as a hint.
 * @param {string} sign name of an icon
 * @param {string} label
 * @param {() => void} click
 * @param {string} [kind] class
 * @returns {HTMLButtonElement}
 */
export function square(sign, label, click, kind = "") {
  return /** @type {HTMLButtonElement} */ (h("button", { class: `button square ${kind}`, type: "button", "aria-label": label, title: label, on: { click } }, icon(sign)));
}

/**
 * Say that a text is longer than the server takes; "" where it is not. No field cuts off what is typed or pasted into it.
 * @param {import("/static/i18n.js").Translate} t
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 * @param {string} name of the field
 * @param {number} most characters
 */
export function tooLong(t, field, name, most) {
  const count = [...field.value].length;
  if (count <= most) return "";
  field.focus();
  return t("shell.too_long", { name, count, most });
}

/**
 * Create the place of something wide, as tables, which scrolls sideways where there is little room, also by keys.
 * @param {string} label for screen readers
 * @param {...any} content
 */
export function scrolling(label, ...content) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);
}
