/** Whose radiograph it is: the words in which rows, heads and lists say so. */

/** @typedef {{t: import("/static/i18n.js").Translate, format: import("/static/i18n.js").Format}} Words */

const MONTHS = 12;
const DAYS = 365.25;
const ROUNDING = 0.01;

/**
 * An age in whole years, below 2 years in months, below one month in days.
 * @param {Words} words @param {number | null} age in years
 */
export function ageText({ t }, age) {
  if (age === null) return "";
  const months = Math.floor(age * MONTHS + ROUNDING);
  if (months >= 2 * MONTHS) return t("patient.ages.years", { count: Math.floor(age + ROUNDING) });
  if (months >= 1) return t("patient.ages.months", { count: months });
  return t("patient.ages.days", { count: Math.round(age * DAYS) });
}

/** @param {Words} words @param {string | null} sex */
export function sexText({ t }, sex) {
  const known = sex ? t(`patient.sexes.${sex}`) : "";
  return known.startsWith("patient.") ? (sex ?? "") : known;
}

/**
 * What is stated, as labels and values, in the order of a report's head.
 * @param {Words} words @param {any} patient
 * @returns {[string, string][]}
 */
export function patientFacts(words, patient) {
  const { t, format } = words;
  const facts = [
    ["id", patient.id],
    ["birth_date", patient.birth_date && format.day(patient.birth_date)],
    ["age", ageText(words, patient.age)],
    ["sex", sexText(words, patient.sex)],
    ["accession_number", patient.accession_number],
    ["study_date", patient.study_date && format.day(patient.study_date)],
    ["institution", patient.institution],
  ];
  return /** @type {[string, string][]} */ (facts.filter(([, value]) => value).map(([name, value]) => [t(`patient.${name}`), value]));
}
