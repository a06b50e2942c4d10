/** Rows of the worklist for the readings of sent files, fetched some at a time as they are needed. */

const AT_ONCE = 100;

/**
 * @param {import("/static/api.js").Api} api
 * @param {() => void} changed called when rows came
 */
export function createRows(api, changed) {
  /** @type {Map<number, any>} */
  const rows = new Map();
  /** @type {Set<number>} */
  const needed = new Set();
  let busy = false;

  async function fetchAll() {
    if (busy) return;
    busy = true;
    while (needed.size) {
      const some = [...needed].slice(0, AT_ONCE);
      for (const id of some) needed.delete(id);
      try {
        const found = await api.send("POST", "/api/readings/search", { ids: some, limit: AT_ONCE });
        for (const row of found.readings) rows.set(row.id, row);
      } catch {
        break; // the status of each file is shown all the same
      }
      changed();
    }
    busy = false;
  }

  return {
    /** @param {number | null} id */
    of: (id) => (id === null ? undefined : rows.get(id)),
    /** @param {number[]} ids */
    need: (ids) => {
      for (const id of ids) if (!rows.has(id)) needed.add(id);
      if (needed.size) fetchAll();
    },
    /** Fetch known ones once more, since somebody decided: those that changed, or all of them. @param {number[] | null} changed */
    renew: (changed) => {
      for (const id of changed ?? rows.keys()) if (rows.has(id)) needed.add(id);
      if (needed.size) fetchAll();
    },
  };
}
