/**
 * Worker of the viewer: fetches a radiograph's grey levels and develops pictures of them, so that the page stays responsive whatever its size.
 *
 * It is told `{do: "load", film, preview, url, shades, width}`, `{do: "look", shades, width}` and `{do: "drop"}`, and tells
 * `{film, share}` while bytes come, `{film, picture, whole, histogram}` for each picture, `{film, failed}` where the radiograph does not come.
 */

import { readHead } from "/static/viewer/pgm.js";
import { histogramOf, levelFor, pyramidOf } from "/static/viewer/pyramid.js";

/** @typedef {import("/static/viewer/pyramid.js").Grey} Grey */

const scope = /** @type {any} */ (self);
/** @type {{film: number, pyramid: Grey[], histogram: Uint32Array, whole: boolean, stop: AbortController} | null} */
let loaded = null;
/** What is shown: a shade for each grey level, and the width of the whole radiograph on the screen in device pixels. */
let look = { shades: new Uint32Array(256), width: 1 };
let developing = false;
let outdated = false;

scope.addEventListener("message", (/** @type {MessageEvent} */ event) => {
  const told = event.data;
  if (told.do !== "look") loaded?.stop.abort();
  if (told.do === "drop") loaded = null;
  else look = { shades: told.shades, width: told.width };
  if (told.do === "load") load(told);
  else if (told.do === "look") develop();
});

/** @param {{film: number, preview: string | null, url: string}} asked */
async function load({ film, preview, url }) {
  /** @type {NonNullable<typeof loaded>} */
  const mine = { film, pyramid: [], histogram: new Uint32Array(256), whole: false, stop: new AbortController() };
  loaded = mine;

  /** @param {Grey} grey @param {boolean} whole */
  function take(grey, whole) {
    if (loaded !== mine || (mine.whole && !whole)) return;
    mine.pyramid = pyramidOf(grey);
    mine.histogram = histogramOf(mine.pyramid[mine.pyramid.length - 1]);
    mine.whole = whole;
    return develop();
  }

  const first = preview === null ? Promise.resolve() : fetchGrey(preview, mine.stop.signal).then((grey) => take(grey, false), () => {});
  try {
    const grey = await fetchGrey(url, mine.stop.signal, (share) => loaded === mine && scope.postMessage({ film, share }));
    await take(grey, true);
  } catch {
    await first;
    if (loaded === mine) scope.postMessage({ film, failed: true });
  }
}

/**
 * Fetch grey levels.
 * @param {string} url @param {AbortSignal} signal
 * @param {(share: number) => void} [progress] called with the share of bytes that have come, in 0-1
 * @returns {Promise<Grey>}
 */
async function fetchGrey(url, signal, progress = () => {}) {
  const answer = await fetch(url, { signal, credentials: "same-origin" });
  if (!answer.ok || answer.body === null) throw new Error(String(answer.status));
  // A proxy may have packed it; then nobody knows how much there is.
  const total = answer.headers.has("content-encoding") ? 0 : Number(answer.headers.get("content-length"));
  const bytes = total ? await collected(answer.body, total, progress) : new Uint8Array(await answer.arrayBuffer());
  const { width, height, length } = readHead(bytes);
  if (bytes.length !== length + width * height) throw new Error("cut short");
  return { width, height, grey: bytes.subarray(length) };
}

/** @param {ReadableStream<Uint8Array>} body @param {number} total bytes @param {(share: number) => void} progress */
async function collected(body, total, progress) {
  const bytes = new Uint8Array(total);
  let come = 0;
  for (const reader = body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, come);
    bytes.set(value, come);
    come += value.length;
    progress(come / total);
  }
}

/** Develop the picture for the newest look; looks that come meanwhile wait, and of these only the last is developed. */
async function develop() {
  outdated = true;
  if (developing) return;
  developing = true;
  while (outdated && loaded?.pyramid.length) {
    outdated = false;
    const { film, pyramid, whole, histogram } = loaded;
    const picture = await pictureOf(pyramid[levelFor(pyramid, look.width)]);
    scope.postMessage({ film, picture, whole, histogram }, [picture]);
  }
  developing = false;
}

/** @param {Grey} grey @returns {Promise<ImageBitmap>} */
function pictureOf({ width, height, grey }) {
  const { shades } = look;
  const pixels = new Uint32Array(grey.length);
  for (let index = 0; index < grey.length; index++) pixels[index] = shades[grey[index]];
  return createImageBitmap(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height));
}
