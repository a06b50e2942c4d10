"""The monitoring report of a period: agreement and drift, also as plain JSON values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Engine

from neumo.bundle.acceptance import AcceptanceRecord, acceptance_record
from neumo.bundle.drift_reference import DRIFT_REFERENCE
from neumo.bundle.folder import Bundle, load_bundle
from neumo.core.errors import ConfigError
from neumo.monitoring.agreement import Agreement, agreement_by_month
from neumo.monitoring.drift import Drift, drift
from neumo.monitoring.estimated import Estimated, estimated
from neumo.monitoring.history import Decided, History, Read, history
from neumo.monitoring.reference import Sample, bundle_reference, sample_of
from neumo.monitoring.sequential import RATE, SequentialTest, run_tests
from neumo.monitoring.streams import streams_of
from neumo.records.filters import moment
from neumo.texts.catalogue import texts

SCHEMA: Final = 1
_Row = TypeVar("_Row", Read, Decided)


@dataclass(frozen=True, slots=True)
class Reference:
    """Reference of the drift tests, or why there is none.

    Attributes
    ----------
    kind : str
        Name of the message in the group `monitoring.reference`.
    values : mapping of str to plain values
        What the message states.
    """

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """Monitoring report of a window of readings.

    Attributes
    ----------
    since, until, reference_until : str or None
        Times of recording in UTC as the archive writes them; None where they were not given.
    readings, failed, purged : int
        In the window: with an answer or a refusal; failed; left out since their bodies were purged.
    reference_purged : int
        Left out of the reference for that.
    bundle : str or None
        Digest of the bundle that made the newest reading; drift is about this one only. None in an empty window.
    other_bundles, reference_other_bundles : int
        Readings left out of the drift, since other bundles made them: of the window, and of the reference.
    agreement : tuple of Agreement
        By month, and all at last; empty where nobody decided.
    drift : Drift or None
        None where there is nothing to compare with.
    reference : Reference
    sequential : tuple of SequentialTest
        Empty where there is nothing to compare with.
    false_alarm_rate : float
        Of all sequential tests together, in 0-1.
    estimated : Estimated
    """

    since: str | None
    until: str | None
    reference_until: str | None
    readings: int
    failed: int
    purged: int
    reference_purged: int
    bundle: str | None
    other_bundles: int
    reference_other_bundles: int
    agreement: tuple[Agreement, ...]
    drift: Drift | None
    reference: Reference
    sequential: tuple[SequentialTest, ...]
    false_alarm_rate: float
    estimated: Estimated

    @property
    def alarms(self) -> tuple[str, ...]:
        """Names of what raised an alarm, of the comparison or of a sequential test, each once."""
        compared = () if self.drift is None else self.drift.alarms
        tested = tuple(each.name for each in self.sequential if each.alarm_at is not None)
        return tuple(dict.fromkeys((*compared, *tested)))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        reference = texts("en")(f"monitoring.reference.{self.reference.kind}", **self.reference.values)
        return {"schema": SCHEMA, "alarms": list(self.alarms)} | asdict(self) | {"reference": reference}


def monitor(
    engine: Engine,
    *,
    since: str | None = None,
    until: str | None = None,
    reference_until: str | None = None,
    bundle: str | None = None,
    false_alarm_rate: float = RATE,
    seed: int = 0,
) -> Report:
    """Monitor the reader by its readings in a window.

    Parameters
    ----------
    engine : Engine
    since, until : str, optional
        Day or time of recording in ISO 8601, both inclusive. Without `since` the window begins after the reference, or
        with the first reading.
    reference_until : str, optional
        Last day or time of a period when all was well, which is the reference then.
    bundle : str, optional
        Folder or installed name of the bundle whose reference is used otherwise (see `neumo.bundle.folder`), and whose
        acceptance criteria are tested.
    false_alarm_rate : float
        Of all sequential tests together, above 0 and below 1.
    seed : int
        Of the bootstrap.

    Raises
    ------
    ConfigError
        The window is empty by its dates, or reaches into the reference, or the rate is none.
    ArchiveError, ArchiveUnavailableError
    BundleError
        The bundle cannot be used.
    """
    if not 0 < false_alarm_rate < 1:
        raise ConfigError(
            "--false-alarms: {rate:g} must lie between 0 and 1, such as 0.05", rate=false_alarm_rate
        )
    begin = None if since is None else moment("since", since)
    end = None if until is None else moment("until", until, end=True)
    reference_end = None if reference_until is None else moment("reference-until", reference_until, end=True)
    _require_order(begin, end, reference_end)
    window = history(engine, since=begin, until=end, after=reference_end if begin is None else None)
    before = None if reference_end is None else history(engine, until=reference_end)
    digest = window.read[-1].bundle if window.read else None
    ours = _of_bundle(window.read, digest)
    # Where a period is the reference, a bundle is looked at only if it is named.
    loaded = load_bundle(bundle) if digest is not None and (before is None or bundle is not None) else None
    record = None if loaded is None or loaded.digest != digest else acceptance_record(loaded)
    compared, reference = _reference(before, digest, loaded, record)
    sample = sample_of(ours)
    tests = streams_of(
        ours,
        _of_bundle(window.decided, digest),
        reference=compared,
        before=() if before is None else _of_bundle(before.decided, digest),
        limits=None if record is None else record.limits,
    )
    return Report(
        since=begin,
        until=end,
        reference_until=reference_end,
        readings=len(window.read),
        failed=window.failed,
        purged=window.purged,
        reference_purged=0 if before is None else before.purged,
        bundle=digest,
        other_bundles=len(window.read) - len(ours),
        reference_other_bundles=0
        if before is None
        else len(before.read) - len(_of_bundle(before.read, digest)),
        agreement=agreement_by_month(window.decided, seed=seed),
        drift=None if compared is None else drift(compared, sample),
        reference=reference,
        sequential=run_tests(tests, false_alarm_rate),
        false_alarm_rate=false_alarm_rate,
        estimated=estimated(loaded, record, digest or "", sample.pneumonia, seed),
    )


def _require_order(begin: str | None, end: str | None, reference_end: str | None) -> None:
    if begin is not None and end is not None and end < begin:
        raise ConfigError("--until: {end} is before --since {begin}; give a later one", end=end, begin=begin)
    if reference_end is None:
        return
    if begin is not None and begin <= reference_end:
        raise ConfigError(
            "--since: {begin} lies in the reference, which ends {reference_end}; give a later one",
            begin=begin,
            reference_end=reference_end,
        )
    if end is not None and end <= reference_end:
        raise ConfigError(
            "--until: {end} lies in the reference, which ends {reference_end}; give a later one",
            end=end,
            reference_end=reference_end,
        )


def _of_bundle(rows: Sequence[_Row], digest: str | None) -> tuple[_Row, ...]:
    return tuple(each for each in rows if each.bundle == digest)


def _reference(
    before: History | None, digest: str | None, loaded: Bundle | None, record: AcceptanceRecord | None
) -> tuple[Sample | None, Reference]:
    if digest is None:
        return None, Reference("no_reading")
    if before is not None:
        ours = _of_bundle(before.read, digest)
        return sample_of(ours), Reference("earlier", {"shown": f"{len(ours):,}"})
    assert loaded is not None, "without a period the bundle is loaded"
    carried = bundle_reference(loaded, record)
    named = f"{loaded.config.name} {loaded.config.version}"
    if carried is None:
        return None, Reference("none_carried", {"bundle": named, "file": DRIFT_REFERENCE})
    if loaded.digest != digest:
        return None, Reference("other_bundle", {"bundle": named})
    if loaded.site is not None:
        return carried, Reference("site", {"bundle": named, "site": loaded.site.site})
    return carried, Reference("carried", {"bundle": named})
