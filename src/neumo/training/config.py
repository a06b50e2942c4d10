"""Experiment files: every choice of a run, checked as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from neumo.core.errors import ConfigError
from neumo.core.message import Message, joined
from neumo.core.settings import load_settings
from neumo.core.typed_values import Allowed, between, matching
from neumo.datasets.attributes import AttributeValue
from neumo.datasets.balance import Balance, Sampling
from neumo.imaging.prepare import Intensity

Share = Annotated[float, between(0, 1)]
_BALANCE_OF_SAMPLES = (Balance.LOGIT_ADJUSTMENT, Balance.NONE)


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """Kind and parameters of the split into training, validation and test parts (`neumo.datasets.draw_split`)."""

    kind: Literal["official", "fractions", "fold", "source"]
    validation: Annotated[float, between(above=0, below=1)] | None = None
    fractions: tuple[float, float, float] = (0.70, 0.15, 0.15)
    folds: Annotated[int, between(2, 50)] = 5
    fold: Annotated[int, between(0)] = 0
    holdout_fold: Annotated[int, between(0)] | None = None
    """With kind official: number of the fold (of `folds`) whose patients without an official part are held out of
    training and validation."""
    source: str | None = None
    """The hospital that is left out of training."""
    train_without: tuple[AttributeValue, ...] = ()
    """Images of the training part that are not trained on; held out or tested, images like them stay."""

    def __post_init__(self) -> None:
        used = {
            "official": {"validation", "holdout_fold"} | (set() if self.holdout_fold is None else {"folds"}),
            "fractions": {"fractions"},
            "fold": {"folds", "fold"},
            "source": {"source"},
        }[self.kind]
        idle = [
            each.name
            for each in fields(self)
            if each.name not in used | {"kind", "train_without"} and getattr(self, each.name) != each.default
        ]
        if idle:
            raise ConfigError(
                "{keys} has no effect with kind {kind}; remove it or change kind",
                keys=", ".join(idle),
                kind=self.kind,
            )
        fold = self.fold if self.holdout_fold is None else self.holdout_fold
        if fold >= self.folds and (self.kind == "fold" or self.holdout_fold is not None):
            raise ConfigError(
                "fold {fold} does not exist among {folds} folds, which count from 0",
                fold=fold,
                folds=self.folds,
            )
        if self.kind == "source" and self.source is None:
            raise ConfigError("kind source needs source, the name of the hospital that is left out")


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """Sampling of the images by source, label and view; see `neumo.datasets.balance`."""

    over: Sampling = Sampling.ONCE
    max_repeats: Annotated[float, between(1, 100)] = 4.0
    """Most draws of one image in an epoch, on average over its source, label and view."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The network, its options, and whether it begins with its ImageNet weights."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    pretrained: bool = False
    start: tuple[str, ...] = ()
    """Folders of finished runs whose mean weights it begins with, and which saw no image that this run holds out."""

    def __post_init__(self) -> None:
        if self.pretrained and self.start:
            raise ConfigError("start and pretrained both give the first weights; set pretrained: false")


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """Random changes of training images; all zero means none."""

    flip: Share = 0.0
    """Probability of a left-right flip."""
    rotation: Annotated[float, between(0, 180)] = 0.0
    """Largest rotation either way, in degrees."""
    zoom: Annotated[float, between(0, below=1)] = 0.0
    """Largest relative change of scale either way."""
    contrast: Annotated[float, between(0, below=1)] = 0.0
    """Grey levels are multiplied by a random factor within 1 ± this, as Kornia defines contrast. Keras instead scales
    them about the image's mean."""
    brightness: Annotated[float, between(0, below=1)] = 0.0
    """Grey levels are shifted by a random amount within ± this, as a share of their range 0-1."""
    crop: Annotated[float, between(above=0, most=1)] = 1.0
    """Smallest share of the area that a random crop keeps; 1 never crops."""
    resampling: Share = 0.0
    """Probability of a reduction and enlargement (with or without antialiasing) or a blur."""
    tone: Annotated[float, between(0, 1)] = 0.0
    """Strength of a random monotone tone curve: gamma, look-up tables and detectors of other makers."""
    style: Share = 0.0
    """Probability that an image takes the grey-level distribution of another one of its batch, wholly or in part."""
    detail: Annotated[float, between(0, below=1)] = 0.0
    """Largest relative loss of the coarse picture, and loss or gain of the detail upon it."""
    borders: Share = 0.0
    """Probability that the edges are painted in one grey level, as collimators and letter boxes do."""
    noise: Annotated[float, between(0, 0.5)] = 0.0
    """Largest standard deviation of Gaussian noise, where grey levels run from 0 to 1."""
    erasing: Share = 0.0
    """Probability that a random rectangle is replaced by one grey level."""
    occlusion: Share = 0.0
    """Probability that blocks of an image, up to three quarters, are hidden from the network, not from teachers."""


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """The optimiser and its (largest) learning rate."""

    name: Literal["adam", "adamw"] = "adam"
    learning_rate: Annotated[float, between(above=0, most=1)] = 1e-4
    weight_decay: Annotated[float, between(0, 1)] = 0.0
    """Decoupled (AdamW), on all but biases and normalisation."""

    def __post_init__(self) -> None:
        if self.weight_decay and self.name != "adamw":
            raise ConfigError(
                "weight_decay {weight_decay} has no effect with {name}; use adamw",
                weight_decay=self.weight_decay,
                name=self.name,
            )


@dataclass(frozen=True, kw_only=True)
class PlateauConfig:
    """ReduceLROnPlateau: the learning rate falls when the validation loss stops falling."""

    patience: Annotated[int, between(0)] = 2
    factor: Annotated[float, between(above=0, below=1)] = 0.5
    minimum: Annotated[float, between(0)] = 1e-6


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """Epochs, batch size, learning rate schedule, weight averaging and precision."""

    batch_size: Annotated[int, between(1, 4096)] = 32
    max_epochs: Annotated[int, between(1, 10_000)] = 50
    early_stopping: Annotated[int, between(1)] | None = 5
    """Epochs without a better validation loss before training stops; null never stops early."""
    plateau: PlateauConfig | None = PlateauConfig()
    one_cycle: bool = False
    """Learning rate up over the first quarter and down to zero (Smith and Topin 2018), stepped every batch."""
    averaging: Annotated[float, between(above=0, below=1)] | None = None
    """Decay of an exponential moving average of the weights, which then is validated and kept; null keeps the last."""
    keep: Literal["best", "last"] = "best"
    """Weights of the epoch with the lowest validation loss, or of the last."""
    statistics_images: Annotated[int, between(0)] = 0
    """Number of unaugmented training images on which the batch normalisation statistics of the kept weights are
    recomputed after training; 0 keeps the running statistics of the augmented crops."""
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    """`auto` is bf16-mixed where the processor or GPU computes in bfloat16, else 32-true."""

    def __post_init__(self) -> None:
        if self.one_cycle and self.plateau is not None:
            raise ConfigError("one_cycle and plateau both steer the learning rate; set plateau: null")


@dataclass(frozen=True, kw_only=True)
class DistillationConfig:
    """Knowledge distillation from finished runs; see `neumo.training.distillation`."""

    teachers: Annotated[tuple[str, ...], Allowed(Message("of at least one folder"), bool)]
    """Folders of runs that saw no image which this run holds out."""
    share: Annotated[float, between(above=0, most=1)] = 0.7
    """Weight of their probabilities in a training target; the label has the rest."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A whole experiment file."""

    name: Annotated[
        str,
        matching(
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", Message("of letters, digits, dots, underscores, hyphens")
        ),
    ]
    description: str = ""
    seed: Annotated[int, between(0, below=2**32)] = 42
    image_size: Annotated[int, between(32, 1024)] = 224
    training_size: Annotated[int, between(32, 2048)] | None = None
    """Side of the stored training images, from which augmentation crops; null is `image_size`."""
    crop_size: Annotated[int, between(32, 1024)] | None = None
    """Side of the crops that train; null is `image_size`. Random crops enlarge what they show, so a network that
    trained on smaller ones sees an image at the scale it knows (Touvron et al., NeurIPS 2019)."""
    field_of_view: Annotated[float, between(0.5, 1)] = 1.0
    """Central share of each side that is read, so that the rim cannot decide; training sees whole images."""
    intensity: Intensity = Intensity.AS_STORED
    """Grey levels as stored, or scaled by each image's 2nd and 98th percentile."""
    label_smoothing: Annotated[float, between(0, below=1)] = 0.0
    other_abnormal: Share = 0.0
    """Weight of images of other disease, whose target is even between normal and pneumonia; 0 leaves them out."""
    distillation: DistillationConfig | None = None
    split: SplitConfig
    balance: Balance = Balance.NONE
    sampling: SamplingConfig = SamplingConfig()
    model: ModelConfig
    augmentation: AugmentationConfig = AugmentationConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()

    def __post_init__(self) -> None:
        if self.training_size is not None and self.training_size < self.image_size:
            raise ConfigError(
                "training_size {training_size} is below image_size {image_size}; make it at least that",
                training_size=self.training_size,
                image_size=self.image_size,
            )
        if self.field_of_view < 1 and self.augmentation.crop == 1:
            raise ConfigError(
                "{key} {given} needs random crops; set augmentation.crop below 1",
                key="field_of_view",
                given=self.field_of_view,
            )
        for key in ("training_size", "crop_size"):
            if getattr(self, key) not in (None, self.image_size) and self.augmentation.crop == 1:
                raise ConfigError(
                    "{key} {given} needs random crops; set augmentation.crop below 1",
                    key=key,
                    given=getattr(self, key),
                )
        if self.sampling.over is not Sampling.ONCE and self.balance not in _BALANCE_OF_SAMPLES:
            raise ConfigError(
                "sampling.over {over} and balance {balance} both choose or weigh images; set balance to {balances}",
                over=self.sampling.over,
                balance=self.balance,
                balances=joined(" or ", _BALANCE_OF_SAMPLES),
            )


def load_experiment(source: Path, overrides: Sequence[str] = ()) -> Experiment:
    """Read an experiment file, apply `key=value` overrides, and check everything together. Raises ConfigError."""
    return load_settings(Experiment, source, overrides, file="experiment file")
