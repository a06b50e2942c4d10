/** Live lists: the server says which readings changed. A hidden page listens to nothing and catches up when it is seen again, since browsers open few
 * connections to one server. */

const AGAIN = 30000;
const GATHER = 300;

/**
 * Follow the readings that change; nothing of what they say comes with it.
 * @param {number} after place in the server's log, from the first page of a list
 * @param {(numbers: number[] | null) => void} changed called with the numbers of readings, or null where everything may have changed
 * @returns {() => void} stops it
 */
export function followChanges(after, changed) {
  let last = String(after);
  let timer = 0;
  let waiting = 0;
  let outdated = false;
  /** @type {EventSource | null} */
  let source = null;
  /** @type {Set<number>} */
  const gathered = new Set();

  function open() {
    clearTimeout(timer);
    if (source || document.hidden) return;
    source = new EventSource(`/api/readings/changes?after=${last}`);
    source.addEventListener("changed", (event) => gather(event, JSON.parse(event.data).readings));
    source.addEventListener("reset", (event) => gather(event, null));
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return; // the browser reconnects by itself
      close();
      timer = window.setTimeout(open, AGAIN);
    });
  }

  function close() {
    source?.close();
    source = null;
  }

  /** @param {MessageEvent} event @param {number[] | null} numbers */
  function gather(event, numbers) {
    last = event.lastEventId;
    if (numbers === null) outdated = true;
    else for (const number of numbers) gathered.add(number);
    waiting ||= window.setTimeout(tell, GATHER);
  }

  function tell() {
    const numbers = outdated ? null : [...gathered];
    waiting = 0;
    outdated = false;
    gathered.clear();
    changed(numbers);
  }

  function seen() {
    if (document.hidden) close();
    else open();
  }

  document.addEventListener("visibilitychange", seen);
  open();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    clearTimeout(timer);
    clearTimeout(waiting);
    close();
  };
}
