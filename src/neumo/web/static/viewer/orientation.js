/**
 * How a radiograph is laid: mirrored from left to right first, then turned clockwise by quarters.
 * @typedef {{turns: number, mirrored: boolean}} Orientation `turns`: 0-3
 * @typedef {{width: number, height: number}} Size
 * @typedef {{x: number, y: number}} Point
 */

/** @type {Orientation} */
export const UPRIGHT = { turns: 0, mirrored: false };

/** Turn it by quarters, clockwise; negative ones turn it back. @param {Orientation} from @param {number} quarters @returns {Orientation} */
export function turned(from, quarters) {
  return { ...from, turns: (((from.turns + quarters) % 4) + 4) % 4 };
}

/** Mirror it from left to right as it is seen. @param {Orientation} from @returns {Orientation} */
export function mirrored(from) {
  return { turns: (4 - from.turns) % 4, mirrored: !from.mirrored };
}

/** Size of what is seen. @param {Size} size @param {Orientation} orientation @returns {Size} */
export function laidSize({ width, height }, { turns }) {
  return turns % 2 ? { width: height, height: width } : { width, height };
}

/**
 * Matrix from pixels of the radiograph to what is seen, as canvases take it: x' = a x + c y + e, y' = b x + d y + f.
 * @param {Size} size @param {Orientation} orientation
 * @returns {[number, number, number, number, number, number]}
 */
export function matrixOf(size, { turns, mirrored: isMirrored }) {
  let [a, b, c, d, e, f] = isMirrored ? [-1, 0, 0, 1, size.width, 0] : [1, 0, 0, 1, 0, 0];
  for (let turn = 0; turn < turns; turn++) {
    const { height } = laidSize(size, { turns: turn, mirrored: isMirrored });
    [a, b, c, d, e, f] = [-b, a, -d, c, height - f, e];
  }
  return [a, b, c, d, e, f];
}

/** Where a point of the radiograph is seen. @param {Point} point @param {Size} size @param {Orientation} orientation @returns {Point} */
export function laid({ x, y }, size, orientation) {
  const [a, b, c, d, e, f] = matrixOf(size, orientation);
  return { x: a * x + c * y + e, y: b * x + d * y + f };
}

/** Which point of the radiograph is seen at a place. @param {Point} seen @param {Size} size @param {Orientation} orientation @returns {Point} */
export function lifted({ x, y }, size, orientation) {
  const [a, b, c, d, e, f] = matrixOf(size, orientation);
  // Of such matrices the inverse is the transpose.
  return { x: a * (x - e) + b * (y - f), y: c * (x - e) + d * (y - f) };
}
