/** The radiograph's place in the view. */

import { h, icon, replace } from "/static/dom.js";

/** @param {import("/static/app.js").Context} context */
export function createStage({ t }) {
  const canvas = h("div", { class: "canvas-place" });
  const element = h("div", { class: "stage" }, canvas);

  /** @param {any} reading */
  function load(reading) {
    if (!reading.pixels_kept) return replace(canvas, h("div", { class: "empty" }, icon("lungs"), h("p", {}, t("reading.no_pixels"))));
    replace(canvas, h("img", { class: "plain-image", src: `/api/readings/${reading.id}/image.png`, alt: t("reading.radiograph") }));
  }

  return { element, load, destroy: () => {} };
}
