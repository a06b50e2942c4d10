/** The reading view: files on the left, the radiograph in the middle, the answer and the decision on the right. */

import { h, replace } from "/static/dom.js";
import { drawAnswer } from "/static/views/reading/answer.js";
import { createDropZone, createSamples } from "/static/views/reading/intake.js";
import { patientHead } from "/static/views/reading/patient.js";
import { createPriors } from "/static/views/reading/priors.js";
import { createRail } from "/static/views/reading/rail.js";
import { createStage } from "/static/views/reading/stage.js";
import { uploadsOf } from "/static/views/reading/uploads.js";

/** @typedef {import("/static/app.js").Context} Context */

/** @param {HTMLElement} root @param {Context} context */
export async function mount(root, context) {
  const id = context.route.params.id ? Number(context.route.params.id) : null;
  const uploads = uploadsOf(context);
  const rail = createRail(context, uploads, id);
  const stopFirst = id === null ? openFirst(context, uploads) : () => {};
  const close = id === null ? drawStart(root, context, rail) : await drawReading(root, context, id, rail);
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

/** @param {HTMLElement} root @param {Context} context @param {number} id @param {any} rail */
async function drawReading(root, context, id, rail) {
  const { api, t, title } = context;
  let reading = await api.get(`/api/readings/${id}`);
  title(`${t("reading.reading")} ${id}`); // browsers keep titles in their history, and a file's name may name a patient
  const stage = createStage(context);
  const answer = h("aside", { class: "answer panel", "aria-label": t("reading.answer"), tabindex: "0" });
  rail.element.querySelector(".rail-lists").prepend(createPriors(context, reading));
  replace(root,
    h("div", { class: "desk" },
      rail.element,
      h("section", { class: "stage-place", "aria-label": t("reading.radiograph") }, h("h1", { class: "unseen" }, `${t("reading.reading")} ${id}: ${reading.file}`), patientHead(context, reading), stage.element),
      answer,
    ),
  );

  /** @param {any} next */
  function show(next) {
    reading = next;
    stage.load(reading);
    drawAnswer(answer, context, reading, (after) => {
      show(after);
      rail.refresh();
    });
  }

  show(reading);
  return stage.destroy;
}

/** Open the first reading of an upload. @param {Context} context @param {any} uploads */
function openFirst(context, uploads) {
  const seen = new Set(uploads.items.filter((/** @type {any} */ item) => item.reading).map((/** @type {any} */ item) => item.key));
  return uploads.follow(() => {
    const first = uploads.items.find((/** @type {any} */ item) => item.reading && !seen.has(item.key));
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
      if (address === null) context.announce(context.t(by === 1 ? "reading.is_last" : "reading.is_first"));
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
