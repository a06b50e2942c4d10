/** Commissioning, step by step: plan, radiographs and labels, run, record, acceptance, use. What goes on and what has ended lies on the server, so it survives a reload. */

import { h, icon, replace } from "/static/dom.js";
import { acceptancePanel } from "/static/views/commissioning/acceptance.js";
import { planPanel } from "/static/views/commissioning/plan.js";
import { recordPanel } from "/static/views/commissioning/record.js";
import { runPanel } from "/static/views/commissioning/run.js";
import { tablePanel } from "/static/views/commissioning/table.js";

/**
 * What every step gets.
 * @typedef {object} Step
 * @property {import("/static/app.js").Context} context
 * @property {any} state answer of `GET /api/commissioning`
 * @property {(work: () => Promise<any>) => Promise<void>} act does something whose answer is the new state; what goes wrong is shown
 */

const PATH = "/api/commissioning";

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context */
export async function mount(root, context) {
  const { t, api } = context;
  let state = await api.get(PATH);
  /** @type {EventSource | null} */
  let source = null;
  const problem = h("div", { "aria-live": "polite" });
  const steps = h("div", { class: "column commissioning" });
  replace(root, h("div", { class: "page" },
    h("h1", {}, t("nav.commissioning")),
    h("p", {}, t("commissioning.text", { name: state.base.name, version: state.base.version })),
    problem, steps,
  ));

  /** @type {Step["act"]} */
  async function act(work) {
    replace(problem);
    try {
      state = await work();
    } catch (error) {
      replace(problem, h("p", { class: "note bad told", role: "alert" }, icon("warning"), /** @type {Error} */ (error).message));
      problem.scrollIntoView({ block: "nearest" });
      return;
    }
    draw();
  }

  function draw() {
    const step = { context, state, act };
    if (state.missing) return replace(steps, h("p", { class: "note warn" }, icon("warning"), t("commissioning.missing", { extra: state.missing })));
    const focused = document.activeElement?.id;
    replace(steps, planPanel(step), tablePanel(step), runPanel(step), state.runs.map((/** @type {any} */ run) => [recordPanel(step, run), acceptancePanel(step, run)]));
    if (focused) document.getElementById(focused)?.focus();
    follow();
  }

  /** Follow a run to its end. */
  function follow() {
    if (state.attempt?.status !== "running" || source) return;
    source = new EventSource(`${PATH}/events`);
    source.addEventListener("attempt", (event) => {
      state.attempt = JSON.parse(event.data).attempt;
      document.dispatchEvent(new CustomEvent("neumo:attempt", { detail: state.attempt }));
    });
    source.addEventListener("end", () => {
      leave();
      act(() => api.get(PATH));
      context.announce(t(`commissioning.status.${state.attempt.status}`));
    });
  }

  function leave() {
    source?.close();
    source = null;
  }

  draw();
  return leave;
}
