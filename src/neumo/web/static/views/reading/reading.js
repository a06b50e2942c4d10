/** The reading view: files on the left; on the start page, what takes more; else an opened reading. */

import { h, replace } from "/static/dom.js";
import { createDropZone, createSamples } from "/static/views/reading/intake.js";
import { createRail } from "/static/views/reading/rail.js";
import { underway, uploadsOf } from "/static/views/reading/uploads.js";

/** @typedef {import("/static/app.js").Context} Context */

/** What an opened reading needs; the start page does not wait for it. */
const opened = () => import("/static/views/reading/opened.js");

/** @param {HTMLElement} root @param {Context} context */
export async function mount(root, context) {
  const id = context.route.params.id ? Number(context.route.params.id) : null;
  const uploads = uploadsOf(context);
  const rail = createRail(context, uploads, id);
  const stopFirst = id === null ? openFirst(context, uploads) : () => {};
  const close = id === null ? drawStart(root, context, rail) : await (await opened()).drawReading(root, context, id, rail);
  const stopKeys = listenToKeys(root, context, rail);
  return () => [stopFirst, stopKeys, rail.destroy, close].forEach((stop) => stop());
}

/** @param {HTMLElement} root @param {Context} context @param {any} rail */
function drawStart(root, context, rail) {
  const zone = createDropZone(context, context.take);
  replace(root, h("div", { class: "desk start" }, rail.element, h("div", { class: "stage-place" }, zone)));
  rail.empty().then((/** @type {boolean} */ empty) => empty && zone.append(createSamples(context, context.take)));
  return () => {};
}

/** Open the first reading of an upload. @param {Context} context @param {any} uploads */
function openFirst(context, uploads) {
  const seen = new Set(uploads.items.filter((/** @type {any} */ item) => item.reading).map((/** @type {any} */ item) => item.key));
  return uploads.follow(() => {
    if (uploads.items.some((/** @type {any} */ item) => item.status === "reading")) opened().catch(() => {}); // opening one fetches it again
    const fresh = uploads.items.filter((/** @type {any} */ item) => !seen.has(item.key));
    const ready = fresh.filter((/** @type {any} */ item) => item.reading);
    // What could not be read is opened only where nothing else came.
    const first = ready.find((/** @type {any} */ item) => item.status !== "failed") ?? (fresh.some(underway) ? undefined : ready[0]);
    if (first) context.navigate(`/readings/${first.reading}`);
  });
}

/** @param {HTMLElement} root @param {Context} context @param {any} rail */
function listenToKeys(root, context, rail) {
  /** @type {Record<string, () => void>} */
  const actions = {
    u: () => root.querySelector("[data-act=pick]")?.dispatchEvent(new MouseEvent("click")),
    n: () => go(1),
    p: () => go(-1),
    a: () => choiceOf(root, "[value=AGREE]")?.click(),
    d: () => choiceOf(root, ":not([value=AGREE])"),
  };

  /** @param {1 | -1} by */
  async function go(by) {
    try {
      const address = await rail.step(by);
      if (address === null) context.toast(context.t(by === 1 ? "reading.is_last" : "reading.is_first"));
      else context.navigate(address);
    } catch (error) {
      context.toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const typing = /** @type {Element} */ (event.target).closest?.("input:not([type=radio], [type=range]), textarea, select, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  }

  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

/** Go to the first conclusion that matches, and return it. @param {HTMLElement} root @param {string} which */
function choiceOf(root, which) {
  const choice = /** @type {HTMLInputElement | null} */ (root.querySelector(`[name=conclusion]${which}`));
  choice?.focus();
  return choice;
}
