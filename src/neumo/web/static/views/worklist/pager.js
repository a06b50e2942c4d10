/** Cursor pagination of the worklist; outdated responses are aborted or ignored. */

const PAGE = 200;

/**
 * @param {import("/static/api.js").Api} api
 * @param {{rows: (rows: any[], ended: boolean) => void, first: (page: any) => void, failed: (text: string, again: string, retry: () => void) => void, again: string}} told
 */
export function createPager(api, told) {
  /** @type {{rows: any[], next: string | null, query: URLSearchParams, words: import("/static/views/worklist/filters.js").Words, stop: AbortController, busy: boolean}} */
  let state = fresh(new URLSearchParams(), {});

  async function more() {
    const mine = state;
    if (mine.busy || (mine.rows.length > 0 && mine.next === null)) return;
    mine.busy = true;
    const query = new URLSearchParams(mine.query);
    query.set("limit", String(PAGE));
    if (mine.next) query.set("cursor", mine.next);
    try {
      const page = await ask(api, query, mine.words, mine.stop.signal);
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
    start: (/** @type {URLSearchParams} */ query, /** @type {import("/static/views/worklist/filters.js").Words} */ words) => {
      state.stop.abort();
      state = fresh(query, words);
      more();
    },
    stop: () => {
      state.stop.abort();
      state = fresh(new URLSearchParams(), {});
    },
  };
}

/**
 * Fetch a page; words go into the body, so that no URL holds them.
 * @param {import("/static/api.js").Api} api @param {URLSearchParams} query @param {import("/static/views/worklist/filters.js").Words} words @param {AbortSignal} [signal]
 */
export function ask(api, query, words, signal) {
  if (Object.keys(words).length === 0) return api.get(`/api/readings?${query}`, { signal });
  return api.send("POST", "/api/readings/search", { ...Object.fromEntries(query), ...words }, { signal });
}

/** @param {URLSearchParams} query @param {import("/static/views/worklist/filters.js").Words} words */
function fresh(query, words) {
  return { rows: [], next: null, query: new URLSearchParams(query), words, stop: new AbortController(), busy: false };
}
