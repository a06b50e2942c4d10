/** The view of an address that means nothing. */

import { h, icon, replace } from "/static/dom.js";

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context */
export async function mount(root, { t }) {
  replace(root, h("div", { class: "empty" }, icon("search"), h("h1", {}, t("missing.title")), h("p", {}, t("missing.text")), h("a", { class: "button", href: "/" }, t("nav.reading"))));
}
