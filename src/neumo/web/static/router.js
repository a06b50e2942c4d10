/** Client-side router: URL to view, and navigation without loading the page again (History API). */

/**
 * @typedef {{name: string, params: Record<string, string>, query: URLSearchParams}} Route
 */

/** @type {[RegExp, string][]} */
const PATHS = [
  [/^\/$/, "reading"],
  [/^\/readings\/(?<id>\d+)$/, "reading"],
  [/^\/worklist$/, "worklist"],
  [/^\/research$/, "research"],
  [/^\/bundle$/, "bundle"],
  [/^\/commissioning$/, "commissioning"],
  [/^\/settings$/, "settings"],
  [/^\/login$/, "login"],
];

/**
 * Return the route of a URL.
 * @param {URL | Location} place
 * @returns {Route}
 */
export function routeOf(place) {
  for (const [pattern, name] of PATHS) {
    const match = pattern.exec(place.pathname);
    if (match) return { name, params: { ...match.groups }, query: new URLSearchParams(place.search) };
  }
  return { name: "missing", params: {}, query: new URLSearchParams() };
}

/**
 * Handle clicks on links and the browser's back and forward.
 * @param {(route: Route) => Promise<void>} show
 * @returns {{navigate: (path: string, options?: {replace?: boolean}) => Promise<void>}}
 */
export function startRouter(show) {
  /** @param {string} path @param {{replace?: boolean}} [options] */
  function navigate(path, { replace = false } = {}) {
    history[replace ? "replaceState" : "pushState"](null, "", path);
    return show(routeOf(location));
  }

  addEventListener("popstate", () => show(routeOf(location)));
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || !isOurs(event, link)) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
  return { navigate };
}

/** @param {MouseEvent} event @param {HTMLAnchorElement} link */
function isOurs(event, link) {
  const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
  const elsewhere = link.target || link.hasAttribute("download") || link.origin !== location.origin || link.hash;
  return !modified && !elsewhere && routeOf(new URL(link.href)).name !== "missing";
}
