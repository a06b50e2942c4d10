/** Messages of the pages, and formats of numbers and times by language. */

/**
 * @typedef {(key: string, values?: Record<string, string | number>) => string} Translate
 * @typedef {{percent: (share: number, digits?: number) => string, interval: (low: number, high: number, digits?: number) => string, number: (value: number, digits?: number) => string,
 *   time: (iso: string) => string, day: (iso: string) => string, bytes: (count: number) => string}} Format
 */

/** Placeholders of what is counted, which have commas between thousands in every language; numbers of readings have none. */
const COUNTS = new Set(["count", "done", "images", "most", "patients", "resamples", "total"]);

/**
 * Fetch a language's messages.
 * @param {string} language
 * @returns {Promise<Translate>} translates a key such as `login.title`, with values for placeholders in braces; a plural message takes the form of `count`; an unknown key gives the key itself
 */
export async function loadTexts(language) {
  const answer = await fetch(`/texts/${language}.json`);
  if (!answer.ok) throw new Error(`texts ${language}: ${answer.status}`);
  const words = await answer.json();
  return (key, values = {}) => {
    const named = key.split(".").reduce((level, part) => level?.[part], words);
    const found = named?.[values.count === 1 ? "one" : "other"] ?? named;
    if (typeof found !== "string") return key;
    return found.replace(/\{(\w+)\}/g, (whole, name) => (COUNTS.has(name) && Number.isInteger(values[name]) ? Number(values[name]).toLocaleString("en-US") : String(values[name] ?? whole)));
  };
}

/** How many decimals keep a share from being rounded to none or all; up to three. @param {number} share @param {number} digits */
function truthful(share, digits) {
  if (share <= 0 || share >= 1) return digits;
  let enough = digits;
  while (enough < 3 && [0, 100].includes(Number((100 * share).toFixed(enough)))) enough += 1;
  return enough;
}

/**
 * Create formatters of numbers and times.
 * @param {string} language
 * @returns {Format}
 */
export function formatOf(language) {
  const numbers = language === "es" ? "es-419" : language; // with a decimal point, as in every other text of neumo
  const time = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }); // a day of no time zone
  const digitsOf = (/** @type {number} */ digits) => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });
  const hundredths = (/** @type {number} */ share, /** @type {number} */ digits) => new Intl.NumberFormat(numbers, digitsOf(truthful(share, digits))).format(100 * share);
  return {
    percent: (share, digits = 0) => `${hundredths(share, digits)}\u00a0%`,
    interval: (low, high, digits = 1) => `${hundredths(low, digits)}–${hundredths(high, digits)}\u00a0%`,
    number: (value, digits = 0) => new Intl.NumberFormat(numbers, digitsOf(digits)).format(value),
    time: (iso) => time.format(new Date(iso)),
    day: (iso) => day.format(new Date(iso)),
    bytes: (count) => `${new Intl.NumberFormat(numbers, { maximumFractionDigits: 1 }).format(count / 2 ** 20)} MiB`,
  };
}
