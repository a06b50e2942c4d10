/** A radiograph that the viewer shows: its worker fetches and develops it, while the page goes on. */

/**
 * @typedef {{imageUrl: (side: number) => string, width: number, height: number}} Source `imageUrl` gives the grey levels (PGM) of at most that side;
 *   size of the radiograph in pixels
 * @typedef {{shades: Uint32Array, scale: number}} Look a shade for each grey level, and device pixels per pixel of the radiograph
 * @typedef {{width: number, height: number, picture: ImageBitmap | null, whole: boolean, share: number,
 *   histogram: Uint32Array | null}} Film size of the radiograph in pixels; its newest
 *   picture, which may have fewer; whether all of it is there; share of its bytes that have come; pixels at each grey level
 */

/** Longest side in pixels that is fetched: more than any plate of a chest has. */
const LARGEST_SIDE = 5120;
/** A copy of this side is shown until the radiograph is there. */
const PREVIEW_SIDE = 1024;

/** @returns {Worker} */
const start = () => new Worker("/static/viewer/film_worker.js", { type: "module" });

/** Started with the page, so that it is ready when the first radiograph is opened. @type {Worker | null} */
let worker = start();
let last = 0;

/**
 * Show a radiograph.
 * @param {Source} source
 * @param {Look} look
 * @param {(film: Film) => void} changed called when a picture or more bytes came
 * @param {() => void} failed called where it does not come
 */
export function openFilm(source, look, changed, failed) {
  worker ??= start();
  const mine = worker;
  const number = ++last;
  /** @type {Film} */
  const film = { width: source.width, height: source.height, picture: null, whole: false, share: 0, histogram: null };
  const asked = { shades: look.shades, width: shownWidth(source, look.scale) };

  /** @param {MessageEvent} event */
  function take(event) {
    const told = event.data;
    if (told.film !== number) return;
    if (told.failed) return failed();
    if (told.picture) {
      film.picture?.close();
      Object.assign(film, { picture: told.picture, whole: told.whole, histogram: told.histogram });
    } else film.share = told.share;
    changed(film);
  }

  function lost() {
    worker = null;
    failed();
  }

  mine.addEventListener("message", take);
  mine.addEventListener("error", lost);
  const large = Math.max(source.width, source.height) > PREVIEW_SIDE * 1.5;
  mine.postMessage({ do: "load", film: number, preview: large ? source.imageUrl(PREVIEW_SIDE) : null, url: source.imageUrl(LARGEST_SIDE), ...asked });
  return {
    film,
    /** Develop it in another way. @param {Look} next */
    look: (next) => {
      const width = shownWidth(source, next.scale);
      if (next.shades === asked.shades && width === asked.width) return;
      Object.assign(asked, { shades: next.shades, width });
      mine.postMessage({ do: "look", ...asked });
    },
    close: () => {
      mine.removeEventListener("message", take);
      mine.removeEventListener("error", lost);
      if (number === last) mine.postMessage({ do: "drop" });
      film.picture?.close();
      film.picture = null;
    },
  };
}

/** Return how wide a picture must be that fills the screen's pixels: the whole radiograph's width, a half, a quarter ... @param {Source} source @param {number} scale */
function shownWidth({ width }, scale) {
  return Math.floor(width * 2 ** Math.ceil(Math.log2(Math.min(1, scale))));
}
