/** File intake: what the start page offers, the pickers, the samples. */

import { h, icon } from "/static/dom.js";
import { picked } from "/static/dropped.js";

/** @typedef {import("/static/dropped.js").Take} Take */

/**
 * Create the drop zone.
 * @param {import("/static/app.js").Context} context
 * @param {Take} take
 */
export function createDropZone({ t, format, me }, take) {
  return h("div", { class: "dropzone" },
    icon("lungs"),
    h("h1", {}, t("reading.drop_title")),
    h("p", {}, t("reading.drop_text")),
    h("div", { class: "row" }, picker(t("reading.pick"), take, "primary"), picker(t("reading.pick_folder"), take, "", true)),
    h("p", { class: "quiet small" }, t("reading.drop_limits", { size: format.bytes(me.limits.file_bytes) })),
    h("p", { class: "quiet small" }, t("reading.drop_scope")),
  );
}

/**
 * Create the button that uploads the sample radiographs.
 * @param {import("/static/app.js").Context} context
 * @param {Take} take
 */
export function createSamples({ api, t, toast }, take) {
  const button = /** @type {HTMLButtonElement} */ (
    h("button", { class: "button", type: "button", data: { act: "samples" }, on: { click: send } }, t("reading.try_samples"))
  );
  async function send() {
    button.disabled = true;
    try {
      const { samples } = await api.get("/api/samples");
      take(picked(await Promise.all(samples.map(fetched))));
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
      button.disabled = false;
    }
  }
  /** @param {string} name */
  async function fetched(name) {
    const image = await (await api.raw(`/api/samples/${name}`)).blob();
    return new File([image], name, { type: image.type });
  }
  return h("div", { class: "samples" }, button, h("p", { class: "quiet small" }, t("reading.try_samples_text")));
}

/**
 * Create a button that opens the system's file picker.
 * @param {string} label
 * @param {Take} take
 * @param {string} [kind] class of the button
 * @param {boolean} [folder] whether a folder is picked
 */
export function picker(label, take, kind = "", folder = false) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "file", multiple: true, webkitdirectory: folder, hidden: true, on: { change: chosen } })
  );
  function chosen() {
    take(picked(input.files ?? []));
    input.value = "";
  }
  const button = h("button", { class: `button ${kind}`, type: "button", data: { act: folder ? "pick-folder" : "pick" }, on: { click: () => input.click() } }, icon("upload"), label);
  return h("span", { class: "picker" }, button, input);
}
