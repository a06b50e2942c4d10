"""Batches of decoded images: whole batches are copied out of the memory map at once."""

from collections.abc import Iterator, Sequence
from typing import Any

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from neumo.imaging.prepare import Intensity, scale_intensity

Batch = tuple[torch.Tensor, torch.Tensor]
"""Images, uint8 (N, 1, side, side) in training and float32 in 0-1 in validation, and labels int64 (N,)."""


class PixelDataset(Dataset[Batch]):
    """Some images of a pixel store with their labels.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (M, side, side)
        The whole store, memory-mapped.
    positions : ndarray of int64, shape (N,)
        Which of its images belong here.
    labels : ndarray of int64, shape (M,)
        Class index of every image of the store.
    intensity : Intensity, optional
        Scale the grey levels as reading does; without it they are given as stored.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        positions: NDArray[np.int64],
        labels: NDArray[np.int64],
        intensity: Intensity | None = None,
    ) -> None:
        self.pixels, self.positions, self.labels, self.intensity = pixels, positions, labels, intensity

    def __len__(self) -> int:
        return len(self.positions)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Return a whole batch at once; the loader calls this instead of one image at a time."""
        chosen = self.positions[np.asarray(indices)]
        pixels = self.pixels[chosen]
        images = torch.from_numpy(
            pixels if self.intensity is None else scale_intensity(pixels, self.intensity)
        )
        return images.unsqueeze(1), torch.from_numpy(self.labels[chosen])


class SeededShuffle(Sampler[int]):
    """A new order every epoch that depends on the seed and the epoch alone, so that a resumed run meets the same."""

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed, self.epoch = length, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next; Lightning calls it."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self.seed, self.epoch))
        yield from rng.permutation(self.length).tolist()


class Batches(L.LightningDataModule):
    """Training and validation batches."""

    def __init__(self, training: PixelDataset, validation: PixelDataset, batch_size: int, seed: int) -> None:
        super().__init__()
        self.training, self.validation, self.batch_size, self.seed = training, validation, batch_size, seed

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled anew each epoch."""
        return DataLoader(
            self.training,
            batch_size=self.batch_size,
            sampler=SeededShuffle(len(self.training), self.seed),
            collate_fn=_as_is,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """In manifest order."""
        return DataLoader(self.validation, batch_size=self.batch_size, collate_fn=_as_is)


def _as_is(batch: Any) -> Any:
    return batch
