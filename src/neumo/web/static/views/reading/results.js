/** Downloads: reports, files for other systems, and the receipt. */

import { h, icon } from "/static/dom.js";
import { saveFile } from "/static/save.js";
import { queryOf } from "/static/views/reading/predictive.js";

const FILES = [
  ["report.pdf", "pdf"], ["report.html", null], ["reading.json", null],
  ["sr.dcm", "sr"], ["sc.dcm", "sc"], ["seg.dcm", "sr"], ["ko.dcm", "sr"], ["pdf.dcm", "sr"], ["fhir.json", "fhir"], ["receipt.json", null],
];

/** What shows a radiograph, and what reports a decision where there is none. */
const FILMS = ["sc.dcm", "seg.dcm", "ko.dcm"];
const REPORTS = ["sr.dcm", "pdf.dcm", "fhir.json"];

/**
 * @param {import("/static/app.js").Context} context @param {any} reading
 * @param {import("/static/views/reading/predictive.js").Chosen} chosen what every file is for, when it is asked for
 */
export function resultsSection(context, reading, chosen) {
  const { t } = context;
  if (reading.withheld) return null;
  return h("section", { class: "section column" },
    h("h3", {}, t("results.title")),
    reading.files_kept && h("ul", { class: "files" }, FILES.filter(([name, feature]) => canMake(context, reading, /** @type {string} */ (name), feature)).map(([name]) => h("li", {}, fileButton(context, reading, /** @type {string} */ (name), chosen)))),
    missing(context, reading).map((text) => h("p", { class: "quiet small" }, text)),
    receipt(context, reading),
  );
}

/** Say which files cannot be made, of what is not stored or could not be read. @param {import("/static/app.js").Context} context @param {any} reading */
function missing({ t }, reading) {
  if (!reading.files_kept) return [t("results.nothing_kept")];
  if (reading.status !== "failed") return [];
  return [t("results.no_film"), !reading.decision && t("results.undecided"), !reading.dicom && t("results.no_patient")].filter(Boolean);
}

/** @param {import("/static/app.js").Context} context @param {any} reading @param {string} name @param {string | null} feature */
function canMake({ me }, reading, name, feature) {
  const dicomOnly = name.endsWith(".dcm");
  if (reading.status === "failed" && (FILMS.includes(name) || (REPORTS.includes(name) && !reading.decision))) return false;
  if (name === "seg.dcm" && !reading.class_maps.length) return false;
  if (name === "ko.dcm" && reading.verdict !== "pneumonia") return false;
  return (!feature || me.features[feature]) && (!dicomOnly || (reading.dicom && me.sees_patients));
}

/**
 * @param {import("/static/app.js").Context} context @param {any} reading @param {string} name
 * @param {import("/static/views/reading/predictive.js").Chosen} chosen
 */
function fileButton(context, reading, name, chosen) {
  const path = () => `/api/readings/${reading.id}/files/${name}?${new URLSearchParams([["lang", context.language], ...queryOf(chosen)])}`;

  /** @param {Event} event */
  async function fetchFile(event) {
    event.preventDefault();
    try {
      saveFile(await (await context.api.raw(path())).blob(), `neumo-${reading.id}-${name}`);
    } catch (error) {
      context.toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  return h("a", { class: "button", href: path(), download: `neumo-${reading.id}-${name}`, on: { click: fetchFile } }, icon("download"), context.t(`results.${name.replace(".", "_")}`));
}

/** @param {import("/static/app.js").Context} context @param {any} reading */
function receipt({ t, format }, reading) {
  const made = reading.receipt;
  if (!made) return null;
  const rows = [
    [t("results.file_sum"), made.file?.sha256],
    [t("results.bundle"), made.bundle && `${made.bundle.name} ${made.bundle.version}`],
    [t("results.bundle_sum"), made.bundle?.digest],
    [t("results.input"), made.prepare && t("results.input_text", { size: made.prepare.size, view: format.percent(made.prepare.field_of_view, 1) })],
    [t("results.input_sum"), made.input_sha256],
    [t("results.software"), made.software && Object.entries(made.software).map(([name, version]) => `${name} ${version}`).join(", ")],
  ];
  return h("details", { class: "receipt" }, h("summary", {}, t("results.receipt")),
    h("dl", { class: "facts small" }, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", { class: "mono" }, value)])));
}
