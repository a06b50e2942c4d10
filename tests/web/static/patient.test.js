/** Ages on the pages are those of the reports (tests/results/test_patient_lines.py). */

import assert from "node:assert/strict";
import test from "node:test";

import { ageText, sexText } from "../../../src/neumo/web/static/patient.js";

const words = {
  t: (/** @type {string} */ key, /** @type {any} */ values) => (key.startsWith("patient.ages.") ? `${values.count} ${key.slice("patient.ages.".length)}` : { "patient.sexes.F": "female" }[key] ?? key),
  format: /** @type {any} */ (null),
};

test("ages", () => {
  const said = [null, 0, 1 / 365.25, 20 / 365.25, 1 / 12, 0.5833, 1.5, 1.999, 2, 5.9999, 43.5].map((age) => ageText(words, age));
  assert.deepEqual(said, ["", "0 days", "1 days", "20 days", "1 months", "7 months", "18 months", "23 months", "2 years", "6 years", "43 years"]);
});

test("a sex that has no name is shown as it is stated", () => {
  assert.deepEqual(["F", "X?", null].map((sex) => sexText(words, sex)), ["female", "X?", ""]);
});
