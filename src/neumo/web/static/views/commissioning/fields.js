/** Fields of forms whose values outlive a reload, in this tab alone. */

import { h } from "/static/dom.js";

/**
 * A labelled input.
 * @param {string} name
 * @param {string} label
 * @param {Record<string, any>} [attributes]
 * @param {string} [hint]
 */
export function field(name, label, attributes = {}, hint = "") {
  return h("label", { class: "field" }, h("span", {}, label), h("input", { class: "input", name, id: `commissioning-${name}`, autocomplete: "off", ...attributes }), hint && h("span", { class: "quiet small" }, hint));
}

/**
 * A form that restores what was typed in it before a reload.
 * @param {string} key
 * @param {(values: FormData) => void} submit
 * @param {...any} content
 */
export function keptForm(key, submit, ...content) {
  const place = `neumo.commissioning.${key}`;
  const form = /** @type {HTMLFormElement} */ (h("form", {
    class: "column",
    on: {
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        submit(new FormData(form));
      },
      input: () => sessionStorage.setItem(place, JSON.stringify([...new FormData(form)].filter(([, value]) => typeof value === "string"))),
    },
  }, content));
  for (const [name, value] of JSON.parse(sessionStorage.getItem(place) ?? "[]")) {
    const input = form.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.value = value;
  }
  return form;
}

/** A number, or null where nothing is given. @param {FormData} values @param {string} name */
export function numberIn(values, name) {
  const text = String(values.get(name) ?? "").trim();
  return text === "" ? null : Number(text);
}

/**
 * A numbered step.
 * @param {string} title
 * @param {...any} content
 */
export function panel(title, ...content) {
  return h("section", { class: "panel" }, h("div", { class: "head" }, h("h2", {}, title)), h("div", { class: "body column" }, content));
}
