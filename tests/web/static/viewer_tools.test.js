/** Turning, mirroring, measuring, and presets of window and level. */

import assert from "node:assert/strict";
import { test } from "node:test";

const room = "../../../src/neumo/web/static/viewer";
const { laid, laidSize, lifted, matrixOf, mirrored, turned, UPRIGHT } = await import(`${room}/orientation.js`);
const { PRESETS, presetWindow, WHOLE } = await import(`${room}/window_level.js`);
const { lengthOf, lengthText } = await import(`${room}/measure.js`);

const SIZE = { width: 40, height: 20 };
const ALL = [0, 1, 2, 3].flatMap((turns) => [false, true].map((isMirrored) => ({ turns, mirrored: isMirrored })));
const close = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) < 1e-9;

test("a quarter to the right takes the top left corner to the top right", () => {
  const right = turned(UPRIGHT, 1);
  assert.deepEqual(laidSize(SIZE, right), { width: 20, height: 40 });
  assert.ok(close(laid({ x: 0, y: 0 }, SIZE, right), { x: 20, y: 0 }));
  assert.ok(close(laid({ x: 40, y: 0 }, SIZE, right), { x: 20, y: 40 }));
});

test("four quarters, two mirrors, and left after right are where it began", () => {
  for (const from of ALL) {
    assert.deepEqual(turned(from, 4), from);
    assert.deepEqual(turned(turned(from, 1), -1), from);
    assert.deepEqual(mirrored(mirrored(from)), from);
  }
});

test("mirroring exchanges left and right of what is seen, however it is turned", () => {
  for (const from of ALL) {
    const { width } = laidSize(SIZE, from);
    for (const point of [{ x: 0, y: 0 }, { x: 7, y: 3 }, { x: 40, y: 20 }]) {
      const before = laid(point, SIZE, from);
      assert.ok(close(laid(point, SIZE, mirrored(from)), { x: width - before.x, y: before.y }), JSON.stringify(from));
    }
  }
});

test("all of the radiograph stays in sight, and each place shows the point that is seen there", () => {
  for (const orientation of ALL) {
    const { width, height } = laidSize(SIZE, orientation);
    for (const point of [{ x: 0, y: 0 }, { x: 40, y: 20 }, { x: 13.5, y: 2.25 }]) {
      const seen = laid(point, SIZE, orientation);
      assert.ok(seen.x >= 0 && seen.x <= width && seen.y >= 0 && seen.y <= height);
      assert.ok(close(lifted(seen, SIZE, orientation), point));
    }
    const [a, b, c, d] = matrixOf(SIZE, orientation);
    assert.equal(Math.abs(a * d - b * c), 1);
  }
});

test("a length is in millimetres where the spacing is known, also of pixels that are not square", () => {
  const spacing = { row: 0.2, column: 0.1, calibrated: true };
  assert.deepEqual(lengthOf({ x: 10, y: 10 }, { x: 40, y: 50 }, null), { pixels: 50, millimetres: null });
  assert.equal(lengthOf({ x: 0, y: 0 }, { x: 30, y: 0 }, spacing).millimetres, 3);
  assert.equal(lengthOf({ x: 0, y: 30 }, { x: 0, y: 0 }, spacing).millimetres, 6);
  assert.equal(lengthOf({ x: 5, y: 5 }, { x: 5, y: 5 }, spacing).millimetres, 0);
});

test("a length says what it is of, or that nobody knows", () => {
  const words = { t: (key, values) => `${key} ${Object.values(values)}`, format: { number: (value, digits = 0) => value.toFixed(digits) } };
  const say = (spacing) => lengthText(words, { x: 0, y: 0 }, { x: 30, y: 40 }, spacing);
  assert.equal(say(null), "viewer.length_unknown 50");
  assert.equal(say({ row: 0.5, column: 0.5, calibrated: true }), "viewer.length 25.0");
  assert.equal(say({ row: 0.5, column: 0.5, calibrated: false }), "viewer.length_detector 25.0");
});

test("presets follow the radiograph's grey levels, without its borders", () => {
  const histogram = new Uint32Array(256);
  for (let level = 50; level < 150; level++) histogram[level] = 10;
  histogram[0] = histogram[255] = 1e6;
  const bounds = (name) => {
    const { centre, width } = presetWindow(name, histogram);
    return [centre - width / 2, centre + width / 2];
  };
  assert.deepEqual(presetWindow("whole", histogram), WHOLE);
  assert.deepEqual(bounds("contrast"), [50, 148]);
  assert.deepEqual(bounds("lungs"), [50, 109]);
  assert.deepEqual(bounds("dense"), [89, 149]);
});

test("a radiograph of one level, or of borders alone, gets a window that can be seen through", () => {
  for (const level of [0, 128, 255]) {
    const histogram = new Uint32Array(256);
    histogram[level] = 9;
    for (const name of PRESETS) assert.ok(presetWindow(name, histogram).width >= 16, `${name} ${level}`);
  }
});
