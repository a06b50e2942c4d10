"""Replay: repeating a reading from its receipt, and reporting the differences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumo.bundle.folder import Bundle
from neumo.core.errors import ReceiptError
from neumo.core.findings import Finding
from neumo.core.message import Message, joined
from neumo.core.reading import Notice, Reading
from neumo.inference.reader import Reader
from neumo.inference.receipt import SCHEMA

_DIGEST_DIGITS = 12
"""Digits of a digest that messages show."""

_VALUES: Mapping[str, str] = {
    "pixels": Message("The file's samples are turned into grey levels by other steps or parameters."),
    "prepare": Message("The image is prepared for the network in another way."),
    "thresholds": Message("A threshold of the bundle is another one."),
    "input_sha256": Message("The network was given other numbers."),
    "logits": Message("The network's logits are other numbers."),
    "distance": Message("The image's distance from the training images is another number."),
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
                "receipt: has schema {schema}, this neumo replays {own}; use the matching version",
                schema=receipt["schema"],
                own=SCHEMA,
            )
        options = {"exact": True, **receipt["options"]}  # receipts before version 0.3 do not state it
        shares = options.pop("prevalence")
        prevalence = None if shares is None else {Finding(name): share for name, share in shares.items()}
        reader = Reader(bundle, prevalence=prevalence, threads=receipt["execution"]["threads"], **options)
        for key in ("file", "bundle", "status", "reasons", "software", *_VALUES):
            receipt[key]
    except (KeyError, TypeError, AttributeError) as error:
        raise ReceiptError(
            "receipt: is not one of neumo ({error}); give the receipt of one reading as JSON",
            error=repr(error),
        ) from error
    return reader


def _differences(receipt: Mapping[str, Any], reading: Reading, bundle: Bundle) -> Iterator[Notice]:
    before = receipt["file"]["sha256"]
    if before != reading.sha256:
        yield Notice(
            "file",
            Message(
                "The file is another one: its SHA-256 was {before} and is {now}.",
                before=_short(before),
                now=_short(reading.sha256),
            ),
            {"before": before, "now": reading.sha256},
        )
    if receipt["bundle"]["digest"] != bundle.digest:
        then, now = receipt["bundle"], bundle.config
        yield Notice(
            "bundle",
            Message(
                "The bundle is another one: it was {before} ({digest_before}) and is {now} ({digest_now}).",
                before=f"{then['name']} {then['version']}",
                digest_before=_short(then["digest"]),
                now=f"{now.name} {now.version}",
                digest_now=_short(bundle.digest),
            ),
            {"before": then["digest"], "now": bundle.digest},
        )
    assert reading.receipt is not None
    then_ended, now_ended = _ended(receipt), _ended(reading.receipt)
    if then_ended != now_ended:
        yield Notice(
            "status",
            joined(
                " ",
                [
                    Message("The file was {before} and is {now}.", before=then_ended, now=now_ended),
                    *(reason.text for reason in reading.reasons),
                ],
            ),
            {"before": then_ended, "now": now_ended},
        )
        if (receipt["logits"] is None) != (reading.receipt["logits"] is None):
            return  # every value of the network differs then
    yield from _other_values(receipt, reading.receipt)


def _ended(receipt: Mapping[str, Any]) -> str:
    """Describe a reading's status in words, such as "refused (colour, blank)"."""
    codes = ", ".join(receipt["reasons"])
    status = Message(str(receipt["status"]))
    return Message("{status} ({codes})", status=status, codes=codes) if codes else status


def _other_values(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Notice]:
    for key, sentence in _VALUES.items():
        if before[key] != now[key]:
            code = key.removesuffix("_sha256")
            yield Notice(code, sentence, {"before": before[key], "now": now[key]})


def _other_software(before: Mapping[str, Any], reading: Reading) -> Iterator[Notice]:
    now = reading.receipt["software"] if reading.receipt is not None else {}
    for name in sorted({*before["software"], *now}) if now else ():
        then, today = before["software"].get(name), now.get(name)
        if then != today:
            told = Message(
                "{name} was {before} and is {now}.",
                name=name,
                before=then or Message("absent"),
                now=today or Message("absent"),
            )
            yield Notice("software", told, {"before": then or "absent", "now": today or "absent"})


def _short(digest: str | None) -> str:
    return Message("unknown") if digest is None else f"{digest[:_DIGEST_DIGITS]}..."
