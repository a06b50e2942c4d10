/**
 * Lengths on a radiograph.
 * @typedef {{x: number, y: number}} Point in pixels of the radiograph
 * @typedef {{row: number, column: number, calibrated: boolean}} Spacing millimetres from one row to the next, and from one column to the next;
 *   `calibrated` where it is meant of the patient, else of the detector, on which everything is shown larger than it is
 */

/**
 * Measure a line.
 * @param {Point} from @param {Point} to
 * @param {Spacing | null} spacing null where nobody knows it
 * @returns {{pixels: number, millimetres: number | null}}
 */
export function lengthOf(from, to, spacing) {
  const [x, y] = [to.x - from.x, to.y - from.y];
  return { pixels: Math.hypot(x, y), millimetres: spacing && Math.hypot(x * spacing.column, y * spacing.row) };
}

/**
 * Say a length: millimetres, or pixels and that the size is unknown.
 * @param {{t: import("/static/i18n.js").Translate, format: import("/static/i18n.js").Format}} words
 * @param {Point} from @param {Point} to @param {Spacing | null} spacing
 */
export function lengthText({ t, format }, from, to, spacing) {
  const { pixels, millimetres } = lengthOf(from, to, spacing);
  if (millimetres === null) return t("viewer.length_unknown", { pixels: format.number(pixels) });
  return t(spacing?.calibrated ? "viewer.length" : "viewer.length_detector", { millimetres: format.number(millimetres, 1) });
}
