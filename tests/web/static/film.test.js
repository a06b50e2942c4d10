/** A radiograph's grey levels: the file that brings them, and the copies from which small pictures are made. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readHead } from "../../../src/neumo/web/static/viewer/pgm.js";
import { halved, levelFor, pyramidOf } from "../../../src/neumo/web/static/viewer/pyramid.js";

const bytes = (text) => new TextEncoder().encode(text);
const grey = (width, height, of) => ({ width, height, grey: Uint8Array.from({ length: width * height }, (_, index) => of(index % width, Math.floor(index / width))) });

test("the head of a PGM states its size and where the grey levels begin", () => {
  assert.deepEqual(readHead(bytes("P5\n640 480\n255\n\x00\x01")), { width: 640, height: 480, length: 15 });
  assert.deepEqual(readHead(bytes("P5 1 20000 255\n")), { width: 1, height: 20000, length: 15 });
});

test("what is no PGM of 8 bits is refused", () => {
  for (const text of ["", "P5", "P6\n1 1\n255\n", "P5\n1 1\n65535\n", "{\"code\": 410}", "P5\n-1 1\n255\n"]) assert.throws(() => readHead(bytes(text)), text);
});

test("halving takes the mean of four, and leaves an odd last row and column out", () => {
  const half = halved(grey(5, 3, (column, row) => 10 * column + row));
  assert.deepEqual([half.width, half.height], [2, 1]);
  assert.deepEqual([...half.grey], [(0 + 10 + 1 + 11 + 2) >> 2, (20 + 30 + 21 + 31 + 2) >> 2]);
  assert.equal(halved(grey(1, 9, () => 7)).height, 9);
});

test("a level grey stays as it is in every copy, and the copies end where they are small", () => {
  const levels = pyramidOf(grey(2100, 1300, () => 255));
  assert.deepEqual(levels.map(({ width, height }) => [width, height]), [[2100, 1300], [1050, 650], [525, 325], [262, 162]]);
  for (const level of levels) assert.ok(level.grey.every((shade) => shade === 255));
  assert.equal(pyramidOf(grey(500, 20, () => 0)).length, 1);
});

test("the smallest copy is shown that has a pixel for each of the screen", () => {
  const levels = pyramidOf(grey(2100, 1300, () => 0));
  for (const [width, level] of [[5000, 0], [2100, 0], [1051, 0], [1050, 1], [526, 1], [525, 2], [262, 3], [1, 3]]) assert.equal(levelFor(levels, width), level, String(width));
});
