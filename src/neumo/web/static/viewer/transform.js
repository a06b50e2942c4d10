/**
 * Where a film lies in its view: point of the view = point of the film * scale + (x, y), in CSS pixels.
 * @typedef {{scale: number, x: number, y: number}} Transform
 * @typedef {{width: number, height: number}} Size
 * @typedef {{x: number, y: number}} Point
 */

const LARGEST = 32;
const IN_SIGHT = 48;

/** Show the whole film, in the middle. @param {Size} film @param {Size} view @returns {Transform} */
export function fit(film, view) {
  const scale = Math.min(view.width / film.width, view.height / film.height);
  return centred(film, view, scale);
}

/** Show the film in the middle at a scale. @param {Size} film @param {Size} view @param {number} scale @returns {Transform} */
export function centred(film, view, scale) {
  return { scale, x: (view.width - film.width * scale) / 2, y: (view.height - film.height * scale) / 2 };
}

/**
 * Zoom so that what lies under a point of the view stays there.
 * @param {Transform} from @param {number} factor @param {Point} about @param {Size} film @param {Size} view
 * @returns {Transform}
 */
export function zoom(from, factor, about, film, view) {
  const smallest = fit(film, view).scale / 4;
  const scale = Math.min(LARGEST, Math.max(smallest, from.scale * factor));
  const ratio = scale / from.scale;
  return kept({ scale, x: about.x - (about.x - from.x) * ratio, y: about.y - (about.y - from.y) * ratio }, film, view);
}

/** Move the film. @param {Transform} from @param {number} dx @param {number} dy @param {Size} film @param {Size} view @returns {Transform} */
export function pan(from, dx, dy, film, view) {
  return kept({ ...from, x: from.x + dx, y: from.y + dy }, film, view);
}

/** Keep some of the film in sight, so that it cannot be lost. @param {Transform} to @param {Size} film @param {Size} view */
function kept(to, film, view) {
  const between = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) => Math.min(high, Math.max(low, value));
  return {
    scale: to.scale,
    x: between(to.x, IN_SIGHT - film.width * to.scale, view.width - IN_SIGHT),
    y: between(to.y, IN_SIGHT - film.height * to.scale, view.height - IN_SIGHT),
  };
}
