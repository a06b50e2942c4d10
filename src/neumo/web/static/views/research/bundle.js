/** The bundle in use, in the person's language: what it is for, operating points, what was measured, damaged images; its card in English. */

import { h, icon, replace } from "/static/dom.js";
import { pointName } from "/static/views/reading/points.js";
import { cardPanel, table } from "/static/views/research/card.js";
import { damageGrid } from "/static/views/research/damage.js";
import { metricName } from "/static/views/research/metrics.js";

const FINDINGS = ["NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"];
const COVERAGE = ["coverage", "mean_set_size"];

/** @typedef {import("/static/app.js").Context} Context */

/** @param {HTMLElement} root @param {Context} context */
export async function mount(root, context) {
  const { t, api } = context;
  const bundle = await api.get("/api/bundle");
  const { config, evidence } = bundle;
  replace(root, h("div", { class: "page card" },
    h("h1", {}, `${bundle.name} ${bundle.version}`),
    h("dl", { class: "facts" },
      h("dt", {}, "SHA-256"), h("dd", { class: "mono" }, bundle.digest),
      h("dt", {}, t("bundle.licence")), h("dd", {}, config.licence),
      h("dt", {}, t("bundle.attribution")), h("dd", { lang: "en" }, config.attribution),
      made(context, config).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
    h("section", { class: "note warn" }, icon("warning"), h("div", {}, h("h2", {}, t("bundle.intended_use")), h("p", {}, intended(context, config)), h("p", {}, t("bundle.intended_support")))),
    commissioned(context, bundle.commissioned),
    points(context, evidence),
    measured(context, evidence),
    coverage(context, evidence),
    bundle.corruptions && panel(t("bundle.damaged"), damageGrid(context, bundle.corruptions)),
    // The damage stands above, from the evidence, without metrics of too few images.
    cardPanel(t("bundle.whole_card"), bundle.sections.filter((/** @type {any} */ section) => !(bundle.corruptions && section.title === "Damaged images"))),
  ));
}

/** @param {Context} context @param {any} config */
function intended({ t, format }, { gate }) {
  const [low, high] = gate.age_years ?? [];
  return low === undefined ? t("bundle.intended_any") : t("bundle.intended_text", { low: format.number(low), high: format.number(high) });
}

/** Where it was commissioned, who accepted it, and each criterion as it turned out. @param {Context} context @param {any} site */
function commissioned({ t, me, format }, site) {
  const again = me.roles.includes("admin") && me.csrf_token && h("div", { class: "row" }, h("a", { class: "button", href: "/commissioning" }, t("nav.commissioning")));
  if (!site) return panel(t("bundle.commissioned"), h("p", {}, t("bundle.not_commissioned")), again);
  const { acceptance, base, criteria } = site;
  const said = acceptance
    ? t("bundle.accepted", { by: acceptance.by, role: acceptance.role, on: format.day(acceptance.on), review_by: format.day(acceptance.review_by) })
    : t("bundle.not_accepted");
  return panel(t("bundle.commissioned"),
    h("p", {}, t("bundle.at_site", { site: site.site, name: base.name, version: base.version, images: format.number(site.images), patients: format.number(site.patients) })),
    h("p", { class: acceptance && !site.review_lapsed ? "" : "warn" }, said),
    site.review_lapsed && h("p", { class: "warn" }, t("bundle.review_lapsed")),
    acceptance?.despite && h("p", {}, t("bundle.despite", { reason: acceptance.despite })),
    table(
      [t("bundle.criterion"), t("bundle.limit"), t("bundle.value"), t("research.images"), t("bundle.outcome")],
      criteria.map((/** @type {any} */ one) => [
        metricName(t, one.metric), format.percent(one.limit), one.value.value === null ? "–" : percents(format, one.value), format.number(one.images), t(`bundle.outcomes.${one.outcome}`),
      ]),
    ),
    h("p", { class: "quiet small" }, t("bundle.criteria_basis")),
    again,
  );
}

/** How it was made, where it says so. @param {Context} context @param {any} config @returns {[string, string][]} */
function made({ t, format }, { provenance, input }) {
  const { experiment, training_images: images, epochs } = provenance ?? {};
  if (!experiment || !images) return [];
  const counts = FINDINGS.map((finding) => `${format.number(images[finding])} ${t(`findings.${finding}`).toLocaleLowerCase()}`).join(", ");
  return [
    [t("bundle.network"), t("bundle.network_text", { name: experiment.model.name, size: input.size })],
    [t("bundle.training"), t("bundle.training_text", { counts, epochs })],
  ];
}

/** @param {Context} context @param {any[]} evidence */
function points({ t, me, format }, evidence) {
  const columns = ["threshold", "sensitivity", "specificity", "rule"];
  const known = evidence.filter((entry) => "operating_point" in entry.conditions);
  const measured = namesOf(known);
  /** @param {string} data @param {string} point @param {string} metric */
  function rate(data, point, metric) {
    const entry = known.find((one) => one.data_name === data && one.conditions.operating_point === point && one.metric === metric);
    return entry && entry.value !== null ? `${percents(format, entry)}, n ${format.number(entry.n)}` : t("bundle.not_measured");
  }
  /** What was measured in several hospitals stands side by side. @param {any} point @param {string} data */
  const row = (point, data) => [
    pointName(t, point.name), format.number(point.threshold, 3), rate(data, point.name, "sensitivity"), rate(data, point.name, "specificity"), ruleOf(t, format, point.rule),
    ...(measured.length > 1 ? [data] : []),
  ];
  return panel(t("bundle.points"),
    table(
      [t("bundle.point"), ...columns.map((name) => t(`bundle.${name}`)), ...(measured.length > 1 ? [t("bundle.data")] : [])],
      me.operating_points.flatMap((/** @type {any} */ point) => (measured.length ? measured : [""]).map((data) => row(point, data))),
    ),
    measured.length > 0 && h("p", { class: "quiet small" }, t("bundle.points_basis", { data: measured.join("; ") })),
  );
}

/** Say how an operating point was chosen; as the bundle does where this version does not know the rule. @param {Context["t"]} t @param {Context["format"]} format @param {string} rule */
function ruleOf(t, format, rule) {
  const least = /^(sensitivity|specificity) >= ([\d.]+)$/.exec(rule);
  if (least) return t(`bundle.rule_${least[1]}`, { share: format.percent(Number(least[2])) });
  return rule === "largest sensitivity + specificity" ? t("bundle.rule_sum") : rule;
}

/** Metrics of whole data sets. @param {Context} context @param {any[]} evidence */
function measured({ t, format }, evidence) {
  const rows = evidence.filter((entry) => Object.keys(entry.conditions).length === 0 && entry.value !== null);
  if (rows.length === 0) return null;
  return panel(t("bundle.measured"),
    table(
      [t("bundle.metric"), t("bundle.value"), t("research.images"), t("bundle.data")],
      rows.map((entry) => [metricName(t, entry.metric), numbers(format, entry), format.number(entry.n), entry.data_name]),
    ),
    h("p", { class: "quiet small" }, t("bundle.intervals")),
  );
}

/** @param {Context} context @param {any[]} evidence */
function coverage({ t, format }, evidence) {
  const known = evidence.filter((entry) => COVERAGE.includes(entry.metric) && "coverage" in entry.conditions);
  const places = namesOf(known);
  const rows = known.filter(({ metric }) => metric === "coverage").map((entry) => {
    const { coverage: nominal, finding } = entry.conditions;
    const size = known.find((one) => one.metric === "mean_set_size" && one.data === entry.data && one.conditions.coverage === nominal && one.conditions.finding === finding);
    return [format.percent(nominal), finding ? t(`findings.${finding}`) : t("bundle.all_findings"), percents(format, entry), size ? format.number(size.value, 2) : "", ...(places.length > 1 ? [entry.data_name] : [])];
  });
  if (rows.length === 0) return null;
  return panel(t("bundle.coverage"),
    table([t("bundle.nominal"), t("research.truth"), t("bundle.held"), t("bundle.set_size"), ...(places.length > 1 ? [t("bundle.data")] : [])], rows),
    h("p", { class: "quiet small" }, t("bundle.coverage_basis", { data: places.join("; ") })),
  );
}

/** Names of the data that entries were measured on, each once. @param {any[]} entries @returns {string[]} */
function namesOf(entries) {
  return [...new Set(entries.map(({ data_name: name }) => name))];
}

/** @param {Context["format"]} format @param {any} entry */
function percents(format, { value, low, high }) {
  return low === null || high === null ? format.percent(value, 1) : `${format.percent(value, 1)} (${format.interval(low, high)})`;
}

/** @param {Context["format"]} format @param {any} entry */
function numbers(format, { value, low, high }) {
  return low === null || high === null ? format.number(value, 3) : `${format.number(value, 3)} (${format.number(low, 3)}–${format.number(high, 3)})`;
}

/** @param {string} title @param {...any} content */
function panel(title, ...content) {
  return h("section", { class: "panel" }, h("div", { class: "head" }, h("h2", {}, title)), h("div", { class: "body column" }, content));
}
