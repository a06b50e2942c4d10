"""Replay: repeating a reading from its receipt, and reporting the differences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumo.bundle.folder import Bundle
from neumo.core.errors import ReceiptError
from neumo.core.findings import Finding
from neumo.core.reading import Notice, Reading
from neumo.inference.reader import Reader
from neumo.inference.receipt import SCHEMA

_DIGEST_DIGITS = 12
"""Digits of a digest that messages show."""

_VALUES: Mapping[str, str] = {
    "pixels": "The file's samples are turned into grey levels by other steps or parameters.",
    "prepare": "The image is prepared for the network in another way.",
    "thresholds": "A threshold of the bundle is another one.",
    "input_sha256": "The network was given other numbers.",
    "logits": "The network's logits are other numbers.",
    "distance": "The image's distance from the training images is another number.",
}
"""Keys of a receipt that must be equal, and what it means where they are not."""


@dataclass(frozen=True)
class Replay:
    """A repeated reading beside its receipt.

    Attributes
    ----------
    reading : Reading
        As it is now.
    differences : tuple of Notice
        Why the reading is another one: codes "file", "bundle", "status" (read, refused or failed, and why),
        "pixels", "prepare", "thresholds", "input", "logits", "distance".
    circumstances : tuple of Notice
        What is other than it was without being the reading itself: code "software".
    """

    reading: Reading
    differences: tuple[Notice, ...]
    circumstances: tuple[Notice, ...]

    @property
    def identical(self) -> bool:
        """Whether the reading, refusal or failure was reproduced bit for bit."""
        return not self.differences


def replay(receipt: Mapping[str, Any], file: Path, bundle: Path | str | Bundle | None = None) -> Replay:
    """Read a file once more with the options of a receipt.

    Parameters
    ----------
    receipt : mapping
        As a reading holds it, or as parsed from JSON.
    file : Path
        The file that was read.
    bundle : Path, str or Bundle, optional
        As for `Reader`.

    Raises
    ------
    ReceiptError
        It is no receipt of this schema.
    BundleError, ConfigError
        The bundle cannot be used, or lacks an option of the receipt.
    """
    reader = _same_reader(receipt, bundle)
    reading = reader.read(file)
    return Replay(
        reading=reading,
        differences=tuple(_differences(receipt, reading, reader.bundle)),
        circumstances=tuple(_other_software(receipt, reading)),
    )


def _same_reader(receipt: Mapping[str, Any], bundle: Path | str | Bundle | None) -> Reader:
    try:
        if receipt["schema"] != SCHEMA:
            raise ReceiptError(
                f"receipt: has schema {receipt['schema']}, this neumo replays {SCHEMA}; use the matching version"
            )
        options = dict(receipt["options"])
        shares = options.pop("prevalence")
        prevalence = None if shares is None else {Finding(name): share for name, share in shares.items()}
        reader = Reader(bundle, prevalence=prevalence, threads=receipt["execution"]["threads"], **options)
        for key in ("file", "bundle", "status", "reasons", "software", *_VALUES):
            receipt[key]
    except (KeyError, TypeError, AttributeError) as error:
        raise ReceiptError(
            f"receipt: is not one of neumo ({error!r}); give the receipt of one reading as JSON"
        ) from error
    return reader


def _differences(receipt: Mapping[str, Any], reading: Reading, bundle: Bundle) -> Iterator[Notice]:
    before = receipt["file"]["sha256"]
    if before != reading.sha256:
        yield Notice(
            "file",
            f"The file is another one: its SHA-256 was {_short(before)} and is {_short(reading.sha256)}.",
            {"before": before, "now": reading.sha256},
        )
    if receipt["bundle"]["digest"] != bundle.digest:
        then, now = receipt["bundle"], bundle.config
        yield Notice(
            "bundle",
            f"The bundle is another one: it was {then['name']} {then['version']} ({_short(then['digest'])}) and is "
            f"{now.name} {now.version} ({_short(bundle.digest)}).",
            {"before": then["digest"], "now": bundle.digest},
        )
    assert reading.receipt is not None
    then_ended, now_ended = _ended(receipt), _ended(reading.receipt)
    if then_ended != now_ended:
        said = " ".join(["", *(reason.text for reason in reading.reasons)])
        yield Notice(
            "status",
            f"The file was {then_ended} and is {now_ended}.{said}",
            {"before": then_ended, "now": now_ended},
        )
        if (receipt["logits"] is None) != (reading.receipt["logits"] is None):
            return  # every value of the network differs then
    yield from _other_values(receipt, reading.receipt)


def _ended(receipt: Mapping[str, Any]) -> str:
    """Return how a reading ended in words, such as "refused (colour, blank)"."""
    codes = ", ".join(receipt["reasons"])
    return f"{receipt['status']} ({codes})" if codes else str(receipt["status"])


def _other_values(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Notice]:
    for key, sentence in _VALUES.items():
        if before[key] != now[key]:
            code = key.removesuffix("_sha256")
            yield Notice(code, sentence, {"before": before[key], "now": now[key]})


def _other_software(before: Mapping[str, Any], reading: Reading) -> Iterator[Notice]:
    now = reading.receipt["software"] if reading.receipt is not None else {}
    for name in sorted({*before["software"], *now}) if now else ():
        then, today = before["software"].get(name, "absent"), now.get(name, "absent")
        if then != today:
            yield Notice("software", f"{name} was {then} and is {today}.", {"before": then, "now": today})


def _short(digest: str | None) -> str:
    return "unknown" if digest is None else f"{digest[:_DIGEST_DIGITS]}..."
