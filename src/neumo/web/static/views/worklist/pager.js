/** Cursor pagination of the worklist; outdated responses are aborted or ignored. */

const PAGE = 200;

/**
 * @param {import("/static/api.js").Api} api
 * @param {{rows: (rows: any[], ended: boolean) => void, first: (page: any) => void, failed: (text: string, again: string, retry: () => void) => void, again: string}} told
 */
export function createPager(api, told) {
  /** @type {{rows: any[], next: string | null, query: URLSearchParams, stop: AbortController, busy: boolean}} */
  let state = fresh(new URLSearchParams());

  async function more() {
    const mine = state;
    if (mine.busy || (mine.rows.length > 0 && mine.next === null)) return;
    mine.busy = true;
    const query = new URLSearchParams(mine.query);
    query.set("limit", String(PAGE));
    if (mine.next) query.set("cursor", mine.next);
    try {
      const page = await api.get(`/api/readings?${query}`, { signal: mine.stop.signal });
      if (mine !== state) return;
      mine.rows.push(...page.readings);
      mine.next = page.next;
      if (page.count !== null) told.first(page);
      mine.busy = false;
      told.rows(mine.rows, mine.next === null);
    } catch (error) {
      if (mine !== state) return;
      mine.busy = false;
      told.failed(/** @type {Error} */ (error).message, told.again, more);
    }
  }

  return {
    more,
    start: (/** @type {URLSearchParams} */ query) => {
      state.stop.abort();
      state = fresh(query);
      more();
    },
    stop: () => {
      state.stop.abort();
      state = fresh(new URLSearchParams());
    },
  };
}

/** @param {URLSearchParams} query */
function fresh(query) {
  return { rows: [], next: null, query: new URLSearchParams(query), stop: new AbortController(), busy: false };
}
