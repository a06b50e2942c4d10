/**
 * Window and level, and presets of them, on 8-bit grey levels, linear as in DICOM PS3.3 C.11.2.1.2.
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

/** Share of its pixels at which a preset's window begins and ends; collimated borders, at the ends of the scale, do not count. */
const SHARES = { contrast: [0.01, 0.99], lungs: [0.01, 0.6], dense: [0.4, 0.995] };

/** Names of the presets, in the order of their keys. @type {("whole" | "contrast" | "lungs" | "dense")[]} */
export const PRESETS = ["whole", "contrast", "lungs", "dense"];
const NARROWEST_PRESET = 16;

/**
 * Return a preset's window.
 * @param {"whole" | "contrast" | "lungs" | "dense"} name
 * @param {Uint32Array} histogram pixels at each of 256 grey levels
 * @returns {Window} the whole scale for a radiograph of one grey level
 */
export function presetWindow(name, histogram) {
  if (name === "whole") return WHOLE;
  const [low, high] = SHARES[name].map((share) => levelAt(histogram, share));
  if (low === null || high === null) return WHOLE;
  return { centre: (low + high) / 2, width: Math.max(NARROWEST_PRESET, high - low) };
}

/** Level below or at which a share of the pixels lies. @param {Uint32Array} histogram @param {number} share @returns {number | null} */
function levelAt(histogram, share) {
  const inner = histogram.subarray(1, 255);
  const all = inner.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let level = 0; level < inner.length && all > 0; level++) {
    seen += inner[level];
    if (seen >= share * all) return level + 1;
  }
  return null;
}
