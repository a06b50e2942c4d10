/** Cursor pagination of the worklist; outdated responses are aborted or ignored. */

const PAGE = 200;

/**
 * @param {import("/static/api.js").Api} api
 * @param {{rows: (rows: any[], ended: boolean) => void, first: (page: any) => void, changed: (by: number) => void, failed: (text: string, again: string, retry: () => void) => void, again: string}} told
 */
export function createPager(api, told) {
  /** @type {{rows: any[], next: string | null, query: URLSearchParams, words: import("/static/views/worklist/filters.js").Words, stop: AbortController, busy: boolean}} */
  let state = fresh(new URLSearchParams(), {});

  async function more() {
    const mine = state;
    if (mine.busy || (mine.rows.length > 0 && mine.next === null)) return;
    mine.busy = true;
    const asked = query(mine, PAGE);
    if (mine.next) asked.set("cursor", mine.next);
    try {
      const page = await ask(api, asked, mine.words, mine.stop.signal);
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

  /**
   * Fetch readings that changed, and change them in the list: what matches no more goes, what is new comes first.
   * @param {number[]} numbers
   * @returns {Promise<number>} how many came first; below 0 where the list must be fetched anew, since it has another order
   */
  async function change(numbers) {
    const mine = state;
    const changed = new Set(numbers);
    const page = await ask(api, query(mine, numbers.length), { ...mine.words, ids: numbers }, mine.stop.signal);
    if (mine !== state) return 0;
    const found = new Map(page.readings.map((/** @type {any} */ row) => [row.id, row]));
    const known = new Set(mine.rows.map((row) => row.id));
    const fresh = page.readings.filter((/** @type {any} */ row) => !known.has(row.id));
    const newest = (mine.query.get("sort") ?? "-time") === "-time";
    if (fresh.length > 0 && !newest) return -1;
    const before = mine.rows.length;
    const first = fresh.filter((/** @type {any} */ row) => mine.rows.length === 0 || row.time >= mine.rows[0].time);
    mine.rows = [...first, ...mine.rows.filter((row) => !changed.has(row.id) || found.has(row.id)).map((row) => found.get(row.id) ?? row)];
    told.changed(mine.rows.length - before);
    told.rows(mine.rows, mine.next === null);
    return first.length;
  }

  return {
    more,
    change,
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
 * @param {import("/static/api.js").Api} api @param {URLSearchParams} query @param {import("/static/views/worklist/filters.js").Words & {ids?: number[]}} words @param {AbortSignal} [signal]
 */
export function ask(api, query, words, signal) {
  if (Object.keys(words).length === 0) return api.get(`/api/readings?${query}`, { signal });
  return api.send("POST", "/api/readings/search", { ...Object.fromEntries(query), ...words }, { signal });
}

/** @param {{query: URLSearchParams}} state @param {number} limit */
function query(state, limit) {
  const asked = new URLSearchParams(state.query);
  asked.set("limit", String(limit));
  return asked;
}

/** @param {URLSearchParams} query @param {import("/static/views/worklist/filters.js").Words} words */
function fresh(query, words) {
  return { rows: [], next: null, query: new URLSearchParams(query), words, stop: new AbortController(), busy: false };
}
