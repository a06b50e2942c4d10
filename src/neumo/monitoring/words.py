"""A report as sentences and rows of cells, for the terminal and the page alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from neumo.monitoring.agreement import SMALLEST_GROUP, Kappa
from neumo.monitoring.drift import LARGE, LEVEL, MODERATE, SMALLEST_REFERENCE, SMALLEST_WINDOW, Change
from neumo.monitoring.proportion import Proportion
from neumo.monitoring.report import Report

AGREEMENT_HEADINGS: Final = (
    "period", "decisions", "blinded", "agree", "kappa", "sensitivity", "specificity", "",
)  # fmt: skip
DRIFT_HEADINGS: Final = (
    "figure", "n", "reference n", "median", "reference median", "PSI", "KS", "p", "p (Holm)", "",
)  # fmt: skip
_FIGURES: Final = {
    "distance": "gate distance",
    "pneumonia": "probability of pneumonia",
    "refusals": "refusals",
}
_NONE: Final = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a table, and whether the row is an alarm."""

    cells: tuple[str, ...]
    alarm: bool = False


def agreement_rows(report: Report) -> tuple[Row, ...]:
    """Return the months' agreement under `AGREEMENT_HEADINGS`."""
    return tuple(
        Row(
            (
                each.period,
                str(each.n),
                str(each.blinded),
                _percent(each.agree),
                _kappa(each.kappa),
                _percent(each.sensitivity),
                _percent(each.specificity),
                f"too small (< {SMALLEST_GROUP})" if each.too_small else "",
            )
        )
        for each in report.agreement
    )


def drift_rows(report: Report) -> tuple[Row, ...]:
    """Return the figures under `DRIFT_HEADINGS`; none where there is no drift."""
    if report.drift is None:
        return ()
    rows = [
        Row(
            (
                _FIGURES[each.name],
                f"{each.n:,}",
                f"{each.reference_n:,}",
                _number(each.median),
                _number(each.reference_median),
                _number(each.psi),
                _number(each.ks),
                _p(each.p),
                _p(each.p_holm),
                each.change.value,
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
                _FIGURES["refusals"],
                f"{refusals.window.of:,}",
                _NONE if before is None else f"{before.of:,}",
                _percent(refusals.window),
                _NONE if before is None else _percent(before),
                _NONE,
                _NONE,
                _p(refusals.p),
                _p(refusals.p_holm),
                refusals.change.value,
            ),
            refusals.change is Change.ALARM,
        )
    )
    return tuple(rows)


def counted(report: Report) -> str:
    """Say what was looked at and what was left out."""
    left: Sequence[tuple[int, str]] = (
        (report.failed, "failed"),
        (report.purged, "purged and left out"),
        (report.reference_purged, "purged and left out of the reference"),
        (report.other_bundles, "of other bundles, left out of the drift"),
        (report.reference_other_bundles, "of other bundles, left out of the reference"),
    )
    parts = [f"{report.readings:,} readings", *(f"{count:,} {words}" for count, words in left if count)]
    return "; ".join(parts) + "."


def notes(report: Report) -> tuple[str, ...]:
    """Say how the figures are to be read."""
    said = []
    if report.agreement:
        said.append(
            "Agreement: newest decision on each reading; 95 % intervals, of kappa by bootstrap, of shares by Wilson. "
            "People who saw the finding tend to agree with it. Sensitivity and specificity, of the call of pneumonia, "
            "take the final decision for the truth."
        )
    if report.drift is not None:
        said.append(
            f"Drift: {report.drift.tests} tests are corrected together by Holm's method. An alarm is PSI >= {LARGE}, "
            f"or PSI >= {MODERATE} with a corrected p < {LEVEL}; of refusals, a corrected p < {LEVEL}. "
            f"A watch is PSI >= {MODERATE} or a corrected p < {LEVEL} alone. Below {SMALLEST_WINDOW} readings, "
            f"or {SMALLEST_REFERENCE} in the reference, nothing is judged."
        )
    return tuple(said)


def verdict(report: Report) -> str:
    """Say in one line whether there is an alarm."""
    if report.alarms:
        return "Alarm: " + ", ".join(_FIGURES[name] for name in report.alarms) + " changed."
    if report.drift is None:
        return "No alarm: drift was not looked at."
    judged = [*(each.change for each in report.drift.figures), report.drift.refusals.change]
    if all(change in (Change.TOO_SMALL, Change.UNKNOWN) for change in judged):
        return "No alarm: too few readings to judge."
    return "No alarm."


def _percent(share: Proportion) -> str:
    if share.share is None or share.low is None or share.high is None:
        return _NONE
    return f"{100 * share.share:.1f} % ({100 * share.low:.1f}–{100 * share.high:.1f})"


def _kappa(kappa: Kappa) -> str:
    if kappa.value is None or kappa.low is None or kappa.high is None:
        return _NONE
    return f"{kappa.value:.2f} ({kappa.low:.2f}–{kappa.high:.2f})"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"


def _p(value: float | None) -> str:
    if value is None:
        return _NONE
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
