/** Entry point of the workbench: loads messages and the person, draws the shell and the view of the URL. */

import { createApi } from "/static/api.js";
import { createConnection } from "/static/connection.js";
import { closeDialogs } from "/static/dialog.js";
import { h, icon, replace } from "/static/dom.js";
import { listenToDrops } from "/static/dropped.js";
import { showHelp } from "/static/help.js";
import { formatOf, loadTexts } from "/static/i18n.js";
import { openOwnDrafts } from "/static/own_drafts.js";
import { routeOf, startRouter } from "/static/router.js";
import { drawShell } from "/static/shell.js";
import { restoreTheme } from "/static/theme.js";
import { createToasts } from "/static/toasts.js";
import { createUnsent } from "/static/unsent.js";
import { openVault } from "/static/vault.js";
import { takeIn } from "/static/views/reading/taking.js";
import { resumeUploads, uploadsOf, waitingUploads } from "/static/views/reading/uploads.js";

/**
 * Context that every view gets.
 * @typedef {object} Context
 * @property {import("/static/i18n.js").Translate} t
 * @property {import("/static/i18n.js").Format} format
 * @property {string} language
 * @property {any} me answer of `GET /api/me`; null on the login page
 * @property {boolean} oidc whether an identity provider can be asked on the login page
 * @property {import("/static/api.js").Api} api
 * @property {import("/static/unsent.js").Unsent} unsent what the person typed and the server does not have
 * @property {import("/static/router.js").Route} route
 * @property {(path: string, options?: {replace?: boolean}) => void} navigate
 * @property {import("/static/dropped.js").Take} take sends files to be read
 * @property {(text: string, kind?: "" | "bad") => void} toast
 * @property {(text: string) => void} announce to screen readers
 * @property {(title: string) => void} title
 * @property {(changes: object) => Promise<void>} savePreferences stores preferences of the person and redraws everything
 * @property {() => Promise<void>} restart fetches the person again and redraws everything
 */

/** @type {Record<string, () => Promise<{mount: (root: HTMLElement, context: Context) => Promise<(() => void) | void>}>>} */
const VIEWS = {
  reading: () => import("/static/views/reading/reading.js"),
  worklist: () => import("/static/views/worklist/worklist.js"),
  research: () => import("/static/views/research/research.js"),
  bundle: () => import("/static/views/research/bundle.js"),
  commissioning: () => import("/static/views/commissioning/commissioning.js"),
  settings: () => import("/static/views/settings.js"),
  login: () => import("/static/views/login.js"),
  missing: () => import("/static/views/missing.js"),
};

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const toasts = createToasts();
const veil = h("div", { class: "drop-veil", hidden: true });
/** @type {any} */
const state = { me: null, language: "en", languages: [], t: null, shell: null, connection: null, oidc: false, failure: null, leave: null, unsent: null, turn: 0 };

const api = createApi({
  token: () => state.me?.csrf_token,
  onOffline: () => state.connection?.lost(),
  onLogin: () => restart(),
  offlineText: () => state.t?.("shell.offline") ?? "offline",
});
const router = startRouter(show);

async function restart() {
  await identify();
  await draw();
  await sendUnsent();
}

/** Send what waited for the server or the login, and say how it ended. */
async function sendUnsent() {
  if (!state.me || state.failure) return;
  resumeUploads(state.me.person);
  for (const { id, fate, text } of await state.unsent.flush()) {
    if (fate === "sent") toasts.toast(state.t("decision.sent_later", { id }));
    else toasts.toast(state.t("decision.not_sent_later", { id, text }), "bad");
  }
}

/** The server answers again. */
async function back() {
  if (!state.me) return restart();
  await sendUnsent();
  await again();
}

/** Fetch the person and the language. */
async function identify() {
  try {
    state.me = await api.get("/api/me");
    state.failure = null;
    state.language = state.me.language;
    state.languages = state.me.languages;
    state.unsent = createUnsent(api, await openVault(state.me.person, state.me.draft_key, { ownDrafts: (page) => openOwnDrafts(api, page) }), state.me.person);
  } catch (error) {
    const { problem, code } = /** @type {import("/static/api.js").ApiError} */ (error);
    state.me = null;
    state.failure = code === "not_logged_in" ? null : error;
    state.oidc = problem?.oidc === true;
    state.language = sessionStorage.getItem("neumo.language") ?? problem?.language ?? document.documentElement.lang;
    state.languages = (document.documentElement.dataset.languages ?? "en").split(" ");
  }
}

/** Draw the shell and the view of the URL. */
async function draw() {
  document.documentElement.lang = state.language;
  state.t = await loadTexts(state.language);
  state.connection = createConnection(state.t, back);
  replace(veil, h("p", {}, icon("upload"), state.t("reading.drop_here")));
  state.shell = drawShell(root, {
    t: state.t,
    me: state.me,
    extras: [toasts.element, state.connection.element],
    language: state.language,
    languages: state.languages,
    act: { language: changeLanguage, help: () => showHelp(state.t), logout },
  });
  await show(routeOf(location));
}

/** @param {import("/static/router.js").Route} route */
async function show(route) {
  if (!state.shell) return; // an address changed before the frame was drawn; drawing it shows the address
  if (state.failure) return fail(state.shell.main, state.failure);
  if (!state.me && route.name !== "login") {
    return router.navigate(`/login?next=${encodeURIComponent(location.pathname + location.search)}`, { replace: true });
  }
  const turn = ++state.turn;
  closeDialogs();
  state.leave?.();
  state.leave = null;
  const { main, mark } = state.shell;
  mark(route.name);
  title(state.t(`nav.${route.name}`));
  toasts.announce(state.t(`nav.${route.name}`));
  const waiting = h("p", { class: "loading", role: "status" }, state.t("shell.loading"));
  replace(main, waiting);
  try {
    const view = await VIEWS[route.name]();
    if (turn !== state.turn) return;
    // Until a view has what it shows, it shows that it waits.
    const place = h("div", { class: `view-${route.name}` }, waiting);
    replace(main, place);
    const leave = await view.mount(place, contextOf(route));
    if (turn !== state.turn) return leave?.();
    state.leave = leave ?? null;
    // The focused element may have been removed with the previous view; the next Tab starts in this one.
    if (document.activeElement === document.body) main.focus({ preventScroll: true });
  } catch (error) {
    if (turn !== state.turn) return;
    // What is not there is no failure that trying again would mend.
    if (/** @type {import("/static/api.js").ApiError} */ (error).code === "not_found") await missing(main, route);
    else fail(main, /** @type {Error} */ (error));
  }
}

/** @param {import("/static/router.js").Route} route @returns {Context} */
function contextOf(route) {
  const { t, language, me, oidc, unsent } = state;
  return {
    t, language, me, oidc, api, unsent, route, title,
    format: formatOf(language),
    navigate: router.navigate,
    take,
    toast: toasts.toast,
    announce: toasts.announce,
    savePreferences: async (changes) => {
      state.me = await api.send("PATCH", "/api/me", changes);
      state.language = state.me.language;
      await draw();
    },
    restart,
  };
}

/** @param {HTMLElement} main @param {import("/static/router.js").Route} route */
async function missing(main, route) {
  title(state.t("nav.missing"));
  await (await VIEWS.missing()).mount(main, contextOf(route));
}

/** @param {HTMLElement} main @param {Error} error */
function fail(main, error) {
  replace(main,
    h("div", { class: "empty", role: "alert" },
      icon("warning"),
      h("h1", { tabindex: "-1" }, state.t("shell.failed")),
      h("p", {}, error.message),
      h("button", { class: "button", type: "button", on: { click: again } }, state.t("shell.again")),
    ),
  );
}

function again() {
  return state.failure ? restart() : show(routeOf(location));
}

/** @param {string} text */
function title(text) {
  document.title = `${text} - neumo`;
}

/** @param {string} language */
async function changeLanguage(language) {
  try {
    if (state.me) state.me = await api.send("PATCH", "/api/me", { language });
    sessionStorage.setItem("neumo.language", language);
    state.language = language;
    await draw();
  } catch (error) {
    toasts.toast(/** @type {Error} */ (error).message, "bad");
  }
}

async function logout() {
  await api.send("DELETE", "/api/session");
  state.me = null;
  // Drawing shows the page of the address; shown twice, it would lose what is typed meanwhile.
  history.pushState(null, "", "/login");
  await draw();
}

document.addEventListener("keydown", (event) => {
  const typing = /** @type {Element} */ (event.target).closest?.("input, textarea, select");
  if (event.key === "?" && !typing && state.me) showHelp(state.t);
});

/** Have dropped files read; from another view, the start page shows how far they are. @param {import("/static/dropped.js").Taking} taking */
async function take(taking) {
  if (!state.me || state.failure) return;
  takeIn(contextOf(routeOf(location)), taking, async () => {
    if (routeOf(location).name !== "reading") await router.navigate("/");
    uploadsOf(contextOf(routeOf(location))).add(taking);
  });
}

addEventListener("offline", () => state.connection?.lost());
addEventListener("beforeunload", (event) => {
  if (state.me && (waitingUploads(state.me.person) || state.unsent.perishable())) event.preventDefault();
});
document.body.append(veil);
listenToDrops(veil, take);
restoreTheme();
restart();
