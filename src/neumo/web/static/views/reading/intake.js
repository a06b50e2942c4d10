/** File intake: drag and drop, paste, file picker, samples. */

import { h, icon } from "/static/dom.js";

/** @typedef {(files: File[]) => void} Take */

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
    picker(t("reading.pick"), take, "primary"),
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
      take(await Promise.all(samples.map(fetched)));
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
 */
export function picker(label, take, kind = "") {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "file", multiple: true, hidden: true, on: { change: chosen } })
  );
  function chosen() {
    take([...(input.files ?? [])]);
    input.value = "";
  }
  const button = h("button", { class: `button ${kind}`, type: "button", data: { act: "pick" }, on: { click: () => input.click() } }, icon("upload"), label);
  return h("span", { class: "picker" }, button, input);
}

/**
 * Listen to files dropped on an element or pasted anywhere.
 * @param {HTMLElement} element
 * @param {Take} take
 * @returns {() => void} removes the listeners
 */
export function listenToDrops(element, take) {
  /** @param {DragEvent} event */
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    element.classList.add("dropping");
  };
  /** @param {DragEvent} event */
  const leave = (event) => {
    if (!element.contains(/** @type {Node | null} */ (event.relatedTarget))) element.classList.remove("dropping");
  };
  /** @param {DragEvent} event */
  const drop = (event) => {
    event.preventDefault();
    element.classList.remove("dropping");
    take([...(event.dataTransfer?.files ?? [])]);
  };
  /** @param {ClipboardEvent} event */
  const paste = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) take(files);
  };
  element.addEventListener("dragover", over);
  element.addEventListener("dragleave", leave);
  element.addEventListener("drop", drop);
  document.addEventListener("paste", paste);
  return () => {
    element.removeEventListener("dragover", over);
    element.removeEventListener("dragleave", leave);
    element.removeEventListener("drop", drop);
    document.removeEventListener("paste", paste);
  };
}
