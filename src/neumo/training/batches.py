"""Batches of decoded images: whole batches are copied out of the memory map at once."""

from collections.abc import Iterator, Sequence
from typing import Any

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from neumo.datasets.balance import Draws
from neumo.imaging.prepare import Intensity, scale_intensity

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Images, uint8 (N, 1, side, side) in training and float32 in 0-1 in validation; label codes, sources: int64 (N,)."""


class PixelDataset(Dataset[Batch]):
    """Some images of a pixel store with their labels and sources.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (M, side, side)
        The whole store, memory-mapped.
    positions : ndarray of int64, shape (N,)
        Which of its images belong here.
    labels : ndarray of int64, shape (M,)
        Label code of every image of the store (see `neumo.core.labels.LABELS`).
    sources : ndarray of int64, shape (M,)
        Source of every image of the store, from 0.
    intensity : Intensity, optional
        Scale the grey levels as reading does; without it they are given as stored.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        positions: NDArray[np.int64],
        labels: NDArray[np.int64],
        sources: NDArray[np.int64],
        intensity: Intensity | None = None,
    ) -> None:
        self.pixels, self.positions, self.intensity = pixels, positions, intensity
        self.labels, self.sources = labels, sources

    def __len__(self) -> int:
        return len(self.positions)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Return a whole batch at once; the loader calls this instead of one image at a time."""
        chosen = self.positions[np.asarray(indices)]
        pixels = self.pixels[chosen]
        images = torch.from_numpy(
            pixels if self.intensity is None else scale_intensity(pixels, self.intensity)
        )
        return (
            images.unsqueeze(1),
            torch.from_numpy(self.labels[chosen]),
            torch.from_numpy(self.sources[chosen]),
        )


class SeededShuffle(Sampler[int]):
    """A new order (and draw) every epoch that depends on the seed and the epoch alone: a resumed run meets the same.

    Parameters
    ----------
    length : int
        Training images.
    seed : int
    draws : Draws, optional
        How often each is drawn; without it, once.
    """

    def __init__(self, length: int, seed: int, draws: Draws | None = None) -> None:
        self.length, self.seed, self.epoch, self.draws = length, seed, 0, draws

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next; Lightning calls it."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length if self.draws is None else int(self.draws.counts.sum())

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self.seed, self.epoch))
        order = rng.permutation(self.length) if self.draws is None else self.draws.epoch(rng)
        yield from order.tolist()


class SharedBatches(Sampler[list[int]]):
    """The batches of a sampler, of each the part of one of several processes: together they see each batch once.

    A last batch of fewer images than processes is left out, since each process takes part in every step.

    Parameters
    ----------
    sampler : Sampler
        Lightning tells it the epoch.
    batch_size : int
        Of all processes together.
    process, processes : int
    """

    def __init__(self, sampler: Sampler[int], batch_size: int, process: int, processes: int) -> None:
        self.sampler, self.batch_size, self.process, self.processes = sampler, batch_size, process, processes

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return whole + (rest >= self.processes)

    def __iter__(self) -> Iterator[list[int]]:
        order = list(self.sampler)
        for number in range(len(self)):
            batch = order[number * self.batch_size : (number + 1) * self.batch_size]
            yield batch[self.process :: self.processes]


class Batches(L.LightningDataModule):
    """Training and validation batches of this process."""

    def __init__(
        self,
        training: PixelDataset,
        validation: PixelDataset,
        batch_size: int,
        seed: int,
        draws: Draws | None = None,
    ) -> None:
        super().__init__()
        self.training, self.validation, self.batch_size = training, validation, batch_size
        self.order = SeededShuffle(len(training), seed, draws)

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled anew each epoch."""
        return DataLoader(
            self.training,
            batch_sampler=SharedBatches(self.order, self.batch_size, *self._process()),
            collate_fn=_as_is,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """In manifest order."""
        process, processes = self._process()
        return DataLoader(
            self.validation,
            batch_size=-(-self.batch_size // processes),
            sampler=range(process, len(self.validation), processes),
            collate_fn=_as_is,
        )

    def _process(self) -> tuple[int, int]:
        """Return the number of this process, from 0, and how many there are."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)


def _as_is(batch: Any) -> Any:
    return batch
