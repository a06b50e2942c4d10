/**
 * Pyramid of a radiograph: itself and copies of half, a quarter ... of its size, so that a small picture is developed in little time.
 * @typedef {{width: number, height: number, grey: Uint8Array}} Grey grey levels 0-255, row by row
 */

/** Side in pixels below which no further copy is worth its while. */
const SMALLEST = 512;

/**
 * Make the pyramid of a radiograph.
 * @param {Grey} whole
 * @returns {Grey[]} largest first
 */
export function pyramidOf(whole) {
  const levels = [whole];
  for (let last = whole; Math.max(last.width, last.height) > SMALLEST; ) {
    last = halved(last);
    levels.push(last);
  }
  return levels;
}

/**
 * Halve a picture: each pixel is the rounded mean of four; an odd last row or column is left out.
 * @param {Grey} from at least two pixels wide and high, else it is returned as it is
 * @returns {Grey}
 */
export function halved(from) {
  const [width, height] = [from.width >> 1, from.height >> 1];
  if (width === 0 || height === 0) return from;
  const grey = new Uint8Array(width * height);
  for (let row = 0, to = 0; row < height; row++) {
    let above = 2 * row * from.width;
    let below = above + from.width;
    for (let column = 0; column < width; column++, above += 2, below += 2) {
      grey[to++] = (from.grey[above] + from.grey[above + 1] + from.grey[below] + from.grey[below + 1] + 2) >> 2;
    }
  }
  return { width, height, grey };
}

/**
 * Return which level has at least as many pixels as are shown.
 * @param {Grey[]} pyramid
 * @param {number} width of the whole radiograph on the screen, in device pixels
 * @returns {number} index of the smallest such level; 0 where even the largest has fewer
 */
export function levelFor(pyramid, width) {
  let level = 0;
  while (level + 1 < pyramid.length && pyramid[level + 1].width >= width) level++;
  return level;
}

/** Count the pixels at each grey level. @param {Grey} picture @returns {Uint32Array} 256 counts */
export function histogramOf({ grey }) {
  const counts = new Uint32Array(256);
  for (let index = 0; index < grey.length; index++) counts[grey[index]]++;
  return counts;
}
