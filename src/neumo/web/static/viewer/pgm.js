/** Portable graymap (Netpbm PGM, "P5"): a radiograph's grey levels as they are, one byte each, row by row from the top. */

/** Bytes in which the head of a file from this server ends. */
const MAX_HEAD = 64;

/**
 * Read the head of a PGM file.
 * @param {Uint8Array} bytes its beginning
 * @returns {{width: number, height: number, length: number}} size in pixels, and length of the head in bytes
 * @throws {Error} where it is no PGM of 8 bits
 */
export function readHead(bytes) {
  const text = String.fromCharCode(...bytes.subarray(0, MAX_HEAD));
  const match = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(text);
  if (!match) throw new Error("not an 8-bit PGM");
  return { width: Number(match[1]), height: Number(match[2]), length: match[0].length };
}
