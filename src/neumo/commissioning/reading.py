"""Reads a site's images once with a bundle's network: logits, features and gate distances, whatever a site sets."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neumo.bundle.config import BundleConfig
from neumo.bundle.folder import Bundle
from neumo.bundle.training_images import stored_prints
from neumo.commissioning.graph import FeatureSession
from neumo.commissioning.local_readings import BLOCK, LocalReadings, ReadingStore, joined
from neumo.core.cores import usable_cores
from neumo.core.progress import Progress
from neumo.datasets.check.fingerprint import fingerprint
from neumo.imaging.prepare import Levels, network_square, scale_intensity
from neumo.inference.gate import refusals_before_reading
from neumo.inference.likely_cause import likely_cause
from neumo.inference.opening import Opened, open_source
from neumo.inference.session import Session

if TYPE_CHECKING:
    from pydicom import Dataset

_AHEAD = 4
"""Files queued for each thread."""


class LocalReader:
    """Reads files with a bundle, one thread a file.

    Unlike `neumo.inference.reader.Reader` it runs the network also on images that the gate refuses for their distance
    or age, since a site may set those limits.

    Raises
    ------
    CommissioningError
        The bundle's graph does not end in a linear layer.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        self.bundle = bundle
        self.features = FeatureSession(bundle)
        self._plain = Session(bundle, 1)
        self._threads = threads or usable_cores()

    def read(self, file: Path) -> LocalReadings:
        """Read one file; what is wrong with it becomes its reason."""
        opened = open_source(file)
        try:
            return self._read(opened)
        except Exception:  # one image that cannot be read must not end the rest
            return row_of(opened, "unexpected_error", sum(self.features.head.widths))

    def read_many(self, files: Sequence[Path]) -> Iterator[LocalReadings]:
        """Read files in their order."""
        remaining = iter(files)
        with ThreadPoolExecutor(self._threads) as pool:
            ahead: deque[Future[LocalReadings]] = deque()
            try:
                for file in islice(remaining, _AHEAD * self._threads):
                    ahead.append(pool.submit(self.read, file))
                while ahead:
                    yield ahead.popleft().result()
                    for file in islice(remaining, 1):
                        ahead.append(pool.submit(self.read, file))
            finally:
                for future in ahead:
                    future.cancel()

    def _read(self, opened: Opened) -> LocalReadings:
        config, width = self.bundle.config, sum(self.features.head.widths)
        square, reason = square_of(opened, config)
        if square is None:
            return row_of(opened, reason, width)
        image = scale_intensity(square, config.intensity)[np.newaxis]
        outputs = self.features.run(image[np.newaxis])
        distance = float(self.bundle.gate_statistics.distance(outputs.embeddings)[0])
        barred = ""
        if distance > config.gate.distance:
            barred = likely_cause(image, distance, self._plain, self.bundle) or ""
        row = row_of(opened, barred, width)
        return replace(
            row,
            logits=outputs.logits,
            features=outputs.features,
            distances=np.array([distance], dtype=np.float32),
        )


def square_of(opened: Opened, config: BundleConfig) -> tuple[Levels | None, str]:
    """Return the network's input of an opened file, or None and the code of the reason why it is not read."""
    radiograph = opened.radiograph
    if radiograph is None:
        return None, opened.failure.code if opened.failure else "unexpected_error"
    refusal = next(refusals_before_reading(radiograph, config.gate), None)
    if refusal is not None:
        return None, refusal.code
    return network_square(radiograph, config.image_size, config.field_of_view, config.intensity), ""


def row_of(opened: Opened, barred: str, width: int) -> LocalReadings:
    """Return one image's row as its header and pixels state it; what the network gives, of `width` features, is NaN."""
    radiograph, header = opened.radiograph, opened.header
    facts = None if radiograph is None else radiograph.facts
    age = None if facts is None else facts.patient_age
    prints = np.zeros(1024) if radiograph is None else fingerprint(radiograph.pixels)
    return LocalReadings(
        sha256=np.array([opened.sha256 or ""]),
        barred=np.array([barred]),
        logits=np.full((1, 3), np.nan, dtype=np.float32),
        features=np.full((1, width), np.nan, dtype=np.float32),
        distances=np.array([np.nan], dtype=np.float32),
        ages=np.array([np.nan if age is None else age], dtype=np.float32),
        views=np.array(["" if facts is None else (facts.view_position or "").strip().upper()]),
        sexes=np.array([_stated(header, "PatientSex")]),
        devices=np.array([_stated(header, "ManufacturerModelName")]),
        fingerprints=stored_prints(prints[np.newaxis]),
    )


def read_site(
    bundle: Bundle,
    files: Mapping[str, Path],
    store: ReadingStore,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> LocalReadings:
    """Read the images of a site, but those that were read before; each is stored when its block is full.

    Parameters
    ----------
    bundle : Bundle
    files : mapping of str to Path
        By the SHA-256 of each file, in the order of the result; at least one.
    store : ReadingStore
        Of this bundle.
    threads : int, optional
        All cores that this process may use when left out.
    progress : callable, optional
        Called with the images done and their total.

    Raises
    ------
    CommissioningError
        The bundle's graph does not end in a linear layer, or the store holds something else.
    OutputError
        The store cannot be written.
    """
    found = store.blocks()
    known = {digest for block in found for digest in block.sha256.tolist()}
    missing = [(digest, file) for digest, file in files.items() if digest not in known]
    done = len(files) - len(missing)
    reader = LocalReader(bundle, threads) if missing else None
    for start in range(0, len(missing), BLOCK):
        assert reader is not None, "made above where an image is missing"
        part = missing[start : start + BLOCK]
        rows = []
        for row in reader.read_many([file for _, file in part]):
            rows.append(row)
            done += 1
            if progress is not None:
                progress(done, len(files))
        block = joined(rows)
        store.append(block)
        found.append(block)
    everything = joined(found)
    place = {str(digest): i for i, digest in enumerate(everything.sha256.tolist())}
    return everything.take([place[digest] for digest in files])


def _stated(header: "Dataset | None", keyword: str) -> str:
    """Return a header's value as text; empty where it states none, or rubbish."""
    try:
        return "" if header is None else str(header.get(keyword) or "").strip()[:64]
    except Exception:  # an element that cannot be decoded
        return ""
