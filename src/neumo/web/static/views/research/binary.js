/** Counting decisions of pneumonia or not on predictions. */

/**
 * @typedef {{truth: string[], probabilities: number[][]}} Predictions
 * @typedef {{tp: number, fp: number, tn: number, fn: number}} Counts
 * @typedef {{low: number, high: number, count: number, predicted: number, observed: number}} Bin
 */

/** @param {Predictions} predictions @param {number} threshold on the probability of pneumonia @returns {Counts} */
export function counted({ truth, probabilities }, threshold) {
  const counts = { tp: 0, fp: 0, tn: 0, fn: 0 };
  truth.forEach((finding, index) => {
    const called = 1 - probabilities[index][0] >= threshold;
    const ill = finding !== "NORMAL";
    counts[called ? (ill ? "tp" : "fp") : ill ? "fn" : "tn"] += 1;
  });
  return counts;
}

/**
 * Compare predicted with observed pneumonia in bins of equal width.
 * @param {Predictions} predictions @param {number} [bins] @returns {Bin[]} without empty ones
 */
export function reliability({ truth, probabilities }, bins = 10) {
  const sums = Array.from({ length: bins }, () => ({ count: 0, predicted: 0, observed: 0 }));
  probabilities.forEach(([normal], index) => {
    const bin = sums[Math.min(bins - 1, Math.floor((1 - normal) * bins))];
    bin.count += 1;
    bin.predicted += 1 - normal;
    bin.observed += truth[index] === "NORMAL" ? 0 : 1;
  });
  return sums
    .map(({ count, predicted, observed }, index) => ({ low: index / bins, high: (index + 1) / bins, count, predicted: predicted / count, observed: observed / count }))
    .filter(({ count }) => count > 0);
}
