/** A contact sheet: images of a run with their names, truths and probabilities, some at a time. */

import { h, icon } from "/static/dom.js";

const MORE = 24;
const SIDE = 320;
const LARGE = 1024;

/** @typedef {import("/static/app.js").Context} Context */

/**
 * @param {Context} context
 * @param {any} predictions of the API, with `run` and `part`
 * @param {number[]} indices rows of the predictions, in the order in which they are shown
 */
export function contactSheet(context, predictions, indices) {
  const list = h("ul", { class: "sheet" });
  const more = h("button", { class: "button", type: "button", on: { click: extend } }, context.t("research.more_images"));

  function extend() {
    const shown = list.children.length;
    const added = indices.slice(shown, shown + MORE).map((index) => card(context, predictions, index));
    list.append(...added);
    more.hidden = list.children.length >= indices.length;
    // The button may have been removed: focus moves to the first new image.
    if (shown) added[0]?.querySelector("a")?.focus();
  }

  extend();
  return [
    !predictions.images_here && h("p", { class: "note warn" }, icon("warning"), context.t("research.images_absent")),
    list,
    more,
  ];
}

/** @param {Context} context @param {any} predictions @param {number} index */
function card({ t, format }, predictions, index) {
  const { paths, patients, truth, probabilities } = predictions;
  return h("li", { class: "sheet-card" },
    predictions.images_here && picture(t, predictions, index),
    h("p", { class: "mono small sheet-name" }, paths[index]),
    h("dl", { class: "facts small" },
      h("dt", {}, t("research.patient")), h("dd", {}, patients[index]),
      h("dt", {}, t("research.truth")), h("dd", {}, t(`findings_short.${truth[index]}`)),
      ["NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"].map((finding, column) => [
        h("dt", { class: "row" }, h("span", { class: "dot", data: { finding } }), t(`findings_short.${finding}`)),
        h("dd", {}, format.percent(probabilities[index][column], 1)),
      ])),
  );
}

/** @param {Context["t"]} t @param {any} predictions @param {number} index */
function picture(t, { run, part, paths }, index) {
  const path = `/api/runs/${encodeURIComponent(run)}/images/${encodeURIComponent(part)}/${index}.png`;
  const link = h("a", { class: "sheet-picture", href: `${path}?max_side=${LARGE}`, target: "_blank" });
  link.append(h("img", {
    src: `${path}?max_side=${SIDE}`, alt: t("research.image_alt", { name: paths[index] }), loading: "lazy", decoding: "async",
    on: { error: () => link.replaceWith(h("p", { class: "sheet-picture bad small" }, t("research.image_failed"))) },
  }));
  return link;
}
