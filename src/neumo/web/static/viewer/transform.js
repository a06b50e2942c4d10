/**
 * Transform of a radiograph in its view: point of the view = point of the radiograph * scale + (x, y), in CSS pixels.
 * @typedef {{scale: number, x: number, y: number}} Transform
 * @typedef {{width: number, height: number}} Size
 * @typedef {{x: number, y: number}} Point
 */

const LARGEST = 32;
const IN_SIGHT = 48;

/** Show the whole radiograph, in the middle. @param {Size} radiograph @param {Size} view @returns {Transform} */
export function fit(radiograph, view) {
  const scale = Math.min(view.width / radiograph.width, view.height / radiograph.height);
  return centred(radiograph, view, scale);
}

/** Show the radiograph in the middle at a scale. @param {Size} radiograph @param {Size} view @param {number} scale @returns {Transform} */
export function centred(radiograph, view, scale) {
  return { scale, x: (view.width - radiograph.width * scale) / 2, y: (view.height - radiograph.height * scale) / 2 };
}

/**
 * Zoom so that what lies under a point of the view stays there.
 * @param {Transform} from @param {number} factor @param {Point} about @param {Size} radiograph @param {Size} view
 * @returns {Transform}
 */
export function zoom(from, factor, about, radiograph, view) {
  const smallest = fit(radiograph, view).scale / 4;
  const scale = Math.min(LARGEST, Math.max(smallest, from.scale * factor));
  const ratio = scale / from.scale;
  return clamped({ scale, x: about.x - (about.x - from.x) * ratio, y: about.y - (about.y - from.y) * ratio }, radiograph, view);
}

/** Move the radiograph. @param {Transform} from @param {number} dx @param {number} dy @param {Size} radiograph @param {Size} view @returns {Transform} */
export function pan(from, dx, dy, radiograph, view) {
  return clamped({ ...from, x: from.x + dx, y: from.y + dy }, radiograph, view);
}

/** Clamp a transform, so that some of the radiograph stays visible. @param {Transform} to @param {Size} radiograph @param {Size} view */
function clamped(to, radiograph, view) {
  const between = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) => Math.min(high, Math.max(low, value));
  return {
    scale: to.scale,
    x: between(to.x, IN_SIGHT - radiograph.width * to.scale, view.width - IN_SIGHT),
    y: between(to.y, IN_SIGHT - radiograph.height * to.scale, view.height - IN_SIGHT),
  };
}
