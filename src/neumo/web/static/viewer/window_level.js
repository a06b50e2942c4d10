/**
 * Window and level on 8-bit grey levels, linear as in DICOM PS3.3 C.11.2.1.2.
 * @typedef {{centre: number, width: number}} Window grey levels 0-255
 */

/** @type {Window} */
export const WHOLE = { centre: 127.5, width: 255 };
const NARROWEST = 4;
const WIDEST = 510;

/**
 * Return which opaque grey each level is shown as.
 * @param {Window} window
 * @param {boolean} invert
 * @returns {Uint32Array} 256 pixels as canvases keep them in memory on little-endian machines: ABGR
 */
export function lookup({ centre, width }, invert) {
  const shades = new Uint32Array(256);
  for (let level = 0; level < 256; level++) {
    const shown = Math.min(255, Math.max(0, Math.round(((level - centre) / width + 0.5) * 255)));
    const grey = invert ? 255 - shown : shown;
    shades[level] = (255 << 24) | (grey << 16) | (grey << 8) | grey;
  }
  return shades;
}

/**
 * Change a window by a drag: to the right is wider, down is brighter.
 * @param {Window} from @param {number} dx @param {number} dy CSS pixels
 * @returns {Window}
 */
export function dragged({ centre, width }, dx, dy) {
  return {
    centre: Math.min(255, Math.max(0, centre - dy * 0.5)),
    width: Math.min(WIDEST, Math.max(NARROWEST, width + dx)),
  };
}
