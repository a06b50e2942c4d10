"""A monitoring report as tables and sentences, for the terminal and the page alike."""

from dataclasses import dataclass
from typing import Final

from neumo.core.statistics import Proportion
from neumo.monitoring.agreement import ALL, MIN_GROUP, Kappa
from neumo.monitoring.drift import LARGE, LEVEL, MIN_REFERENCE, MIN_WINDOW, MODERATE, Change
from neumo.monitoring.report import Report
from neumo.texts.catalogue import Texts, percent, texts
from neumo.texts.language import Language
from neumo.texts.metric_words import point_in_words

_NONE: Final = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a table, and whether the row is an alarm."""

    cells: tuple[str, ...]
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title; without rows where there is nothing to show."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(report: Report, language: Language) -> tuple[Table, ...]:
    """Return the agreement by month, the drift of each quantity, the sequential tests, and what is expected."""
    t = texts(language)
    agreement = (
        *(
            t(f"monitoring.agreement.{name}")
            for name in ("period", "decisions", "blinded", "abnormal", "unusable", "agree", "kappa")
        ),
        t("terms.metrics.sensitivity"),
        t("terms.metrics.specificity"),
        t("monitoring.agreement.remark"),
    )
    names = (
        "quantity", "n", "reference_n", "median", "reference_median", "psi", "ks", "p", "p_holm", "remark",
    )  # fmt: skip
    return (
        Table(t("monitoring.agreement.title"), agreement, _agreement_rows(report, t)),
        Table(
            t("monitoring.drift.title"),
            tuple(t(f"monitoring.drift.{name}") for name in names),
            _drift_rows(report, t),
        ),
        Table(
            t("monitoring.sequential.title"),
            tuple(
                t(f"monitoring.sequential.{name}")
                for name in ("quantity", "n", "compared", "evidence", "alarm_from", "alarm")
            ),
            _sequential_rows(report, t),
        ),
        Table(
            t("monitoring.estimated.title"),
            tuple(t(f"monitoring.estimated.{name}") for name in ("metric", "expected", "n")),
            _expected_rows(report, t),
        ),
    )


def _agreement_rows(report: Report, t: Texts) -> tuple[Row, ...]:
    return tuple(
        Row(
            (
                t("monitoring.period.all") if each.period == ALL else each.period,
                str(each.n),
                str(each.blinded),
                str(each.other),
                str(each.unusable),
                share_text(each.agree),
                kappa_text(each.kappa),
                share_text(each.sensitivity),
                share_text(each.specificity),
                t("monitoring.agreement.too_small", minimum=MIN_GROUP) if each.too_small else "",
            )
        )
        for each in report.agreement
    )


def _drift_rows(report: Report, t: Texts) -> tuple[Row, ...]:
    if report.drift is None:
        return ()
    rows = [
        Row(
            (
                t(f"monitoring.quantities.{each.name}"),
                f"{each.n:,}",
                f"{each.reference_n:,}",
                _number(each.median),
                _number(each.reference_median),
                _number(each.psi),
                _number(each.ks),
                _p(each.p),
                _p(each.p_holm),
                t(f"monitoring.change.{each.change}"),
            ),
            each.change is Change.ALARM,
        )
        for each in report.drift.figures
    ]
    refusals = report.drift.refusals
    before = refusals.reference
    rows.append(
        Row(
            (
                t("monitoring.quantities.refusals"),
                f"{refusals.window.of:,}",
                _NONE if before is None else f"{before.of:,}",
                share_text(refusals.window),
                _NONE if before is None else share_text(before),
                _NONE,
                _NONE,
                _p(refusals.p),
                _p(refusals.p_holm),
                t(f"monitoring.change.{refusals.change}"),
            ),
            refusals.change is Change.ALARM,
        )
    )
    return tuple(rows)


def _sequential_rows(report: Report, t: Texts) -> tuple[Row, ...]:
    rows = []
    for each in report.sequential:
        if each.limit is None:
            compared = t("monitoring.sequential.reference", shown=f"{each.reference or 0:,}")
        else:
            compared = t("monitoring.sequential.limit", limit=percent(each.limit))
        alarm = t("monitoring.change.none")
        if each.alarm_at is not None:
            alarm = t("monitoring.sequential.at", at=each.alarm_at, after=f"{each.alarm_after:,}")
        cells = (
            t(f"monitoring.quantities.{each.name}"),
            f"{each.n:,}",
            compared,
            _wealth(each.evidence),
            _wealth(each.alarm_from),
            alarm,
        )
        rows.append(Row(cells, each.alarm_at is not None))
    return tuple(rows)


def _expected_rows(report: Report, t: Texts) -> tuple[Row, ...]:
    return tuple(
        Row(
            (
                t(f"monitoring.estimated.metrics.{name}"),
                f"{percent(each.value)} ({100 * each.low:.1f}–{100 * each.high:.1f})",
                f"{report.estimated.n:,}",
            )
        )
        for name, each in report.estimated.metrics.items()
    )


def counts_sentence(report: Report, language: Language) -> str:
    """Say how many readings were examined and how many left out."""
    t = texts(language)
    left = ("failed", "purged", "reference_purged", "other_bundles", "reference_other_bundles")
    counted = [("readings", report.readings), *((name, getattr(report, name)) for name in left)]
    parts = [
        t(f"monitoring.counted.{name}", shown=f"{count:,}")
        for name, count in counted
        if count or name == "readings"
    ]
    return "; ".join(parts) + "."


def reference_sentence(report: Report, language: Language) -> str:
    """Say what the readings were compared with, or why they were not."""
    return texts(language)(f"monitoring.reference.{report.reference.kind}", **report.reference.values)


def notes(report: Report, language: Language) -> tuple[str, ...]:
    """Say how the tables are to be read."""
    t = texts(language)
    said = [t("monitoring.agreement.note")] if report.agreement else []
    if report.drift is not None:
        said.append(
            t(
                "monitoring.drift.note",
                tests=report.drift.tests,
                large=LARGE,
                moderate=MODERATE,
                level=LEVEL,
                window=MIN_WINDOW,
                reference=MIN_REFERENCE,
            )
        )
    if report.sequential:
        said.append(t("monitoring.sequential.note", rate=percent(report.false_alarm_rate)))
    if report.estimated.reason and report.readings:
        reason = f"monitoring.estimated.why_not.{report.estimated.reason}"
        said.append(t("monitoring.estimated.none", why=t(reason, **report.estimated.values)))
    if report.estimated.metrics:
        said.append(
            t("monitoring.estimated.note", point=point_in_words(report.estimated.operating_point, language))
        )
    return tuple(said)


def verdict(report: Report, language: Language) -> str:
    """Say in one line whether there is an alarm."""
    t = texts(language)
    if report.alarms:
        changed = ", ".join(t(f"monitoring.quantities.{name}") for name in report.alarms)
        return t("monitoring.verdict.alarm", changed=changed)
    if report.drift is None:
        return t("monitoring.verdict.none" if report.sequential else "monitoring.verdict.no_drift")
    changes = [*(each.change for each in report.drift.figures), report.drift.refusals.change]
    too_few = all(change in (Change.TOO_SMALL, Change.UNKNOWN) for change in changes)
    return t("monitoring.verdict.too_few" if too_few else "monitoring.verdict.none")


def share_text(share: Proportion) -> str:
    """Say a proportion with its interval; a dash where there is none."""
    if share.share is None or share.low is None or share.high is None:
        return _NONE
    return f"{percent(share.share)} ({100 * share.low:.1f}–{100 * share.high:.1f})"


def kappa_text(kappa: Kappa) -> str:
    """Say a kappa with its interval; a dash where there is none."""
    if kappa.value is None or kappa.low is None or kappa.high is None:
        return _NONE
    return f"{kappa.value:.2f} ({kappa.low:.2f}–{kappa.high:.2f})"


def _wealth(value: float) -> str:
    return f"{value:,.1f}" if value < 10_000 else f"{value:.0e}"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"


def _p(value: float | None) -> str:
    if value is None:
        return _NONE
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
