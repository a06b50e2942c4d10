"""Experiment files: every choice of a run, validated as a whole (pydantic)."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from neumo.core.errors import ConfigError
from neumo.datasets.balance import Balance, Sampling
from neumo.imaging.prepare import Intensity

Share = Annotated[float, Field(ge=0, le=1)]
_BALANCE_OF_SAMPLES = (Balance.LOGIT_ADJUSTMENT, Balance.NONE)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SplitConfig(_Section):
    """Which images train, validate and test; see `neumo.datasets.split`."""

    kind: Literal["official", "fractions", "fold", "source"]
    validation: Annotated[float, Field(gt=0, lt=1)] | None = None
    fractions: tuple[float, float, float] = (0.70, 0.15, 0.15)
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    fold: Annotated[int, Field(ge=0)] = 0
    source: str | None = None
    """The hospital that is left out of training."""

    @model_validator(mode="after")
    def _only_what_the_kind_uses(self) -> "SplitConfig":
        used = {
            "official": {"validation"},
            "fractions": {"fractions"},
            "fold": {"folds", "fold"},
            "source": {"source"},
        }[self.kind]
        fields = type(self).model_fields
        idle = [
            key for key in fields if key not in used | {"kind"} and getattr(self, key) != fields[key].default
        ]
        if idle:
            raise ValueError(
                f"{', '.join(idle)} has no effect with kind {self.kind}; remove it or change kind"
            )
        if self.kind == "fold" and self.fold >= self.folds:
            raise ValueError(f"fold {self.fold} does not exist among {self.folds} folds, which count from 0")
        if self.kind == "source" and self.source is None:
            raise ValueError("kind source needs source, the name of the hospital that is left out")
        return self


class SamplingConfig(_Section):
    """How often the images of each source, label and view are drawn; see `neumo.datasets.balance`."""

    over: Sampling = Sampling.ONCE
    max_repeats: Annotated[float, Field(ge=1, le=100)] = 4.0
    """Most draws of one image in an epoch, on average over its source, label and view."""


class ModelConfig(_Section):
    """Which network, its own options, and whether it begins with its ImageNet weights."""

    name: str
    options: dict[str, Any] = Field(default_factory=dict)
    pretrained: bool = False


class AugmentationConfig(_Section):
    """Random changes of training images; all zero means none."""

    flip: Share = 0.0
    """Probability of a left-right flip."""
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    """Largest rotation either way, in degrees."""
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest relative change of scale either way."""
    contrast: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest relative change of contrast either way."""
    brightness: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest relative change of brightness either way."""
    crop: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Smallest share of the area that a random crop keeps; 1 never crops."""
    resampling: Share = 0.0
    """Probability of a reduction and enlargement (with or without antialiasing) or a blur."""
    tone: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Strength of a random monotone tone curve: gamma, look-up tables and detectors of other makers."""
    detail: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest relative loss of the coarse picture, and loss or gain of the detail upon it."""
    borders: Share = 0.0
    """Probability that the edges are painted in one grey level, as collimators and letter boxes do."""
    noise: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Largest standard deviation of Gaussian noise, where grey levels run from 0 to 1."""
    erasing: Share = 0.0
    """Probability that a random rectangle is replaced by one grey level."""


class OptimizerConfig(_Section):
    """The optimiser and its (largest) learning rate."""

    name: Literal["adam", "adamw"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Decoupled (AdamW), on all but biases and normalisation."""

    @model_validator(mode="after")
    def _decay_is_decoupled(self) -> "OptimizerConfig":
        if self.weight_decay and self.name != "adamw":
            raise ValueError(f"weight_decay {self.weight_decay} has no effect with {self.name}; use adamw")
        return self


class PlateauConfig(_Section):
    """ReduceLROnPlateau: the learning rate falls when the validation loss stops falling."""

    patience: Annotated[int, Field(ge=0)] = 2
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    minimum: Annotated[float, Field(ge=0)] = 1e-6


class ScheduleConfig(_Section):
    """Epochs, batch size, learning rate schedule, weight averaging and precision."""

    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    max_epochs: Annotated[int, Field(ge=1, le=10_000)] = 50
    early_stopping: Annotated[int, Field(ge=1)] | None = 5
    """Epochs without a better validation loss before training stops; null never stops early."""
    plateau: PlateauConfig | None = PlateauConfig()
    one_cycle: bool = False
    """Learning rate up over the first quarter and down to zero (Smith and Topin 2018), stepped every batch."""
    averaging: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Decay of an exponential moving average of the weights, which then is validated and kept; null keeps the last."""
    keep: Literal["best", "last"] = "best"
    """Weights of the epoch with the lowest validation loss, or of the last."""
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    """`auto` is bf16-mixed where the processor or GPU computes in bfloat16, else 32-true."""

    @model_validator(mode="after")
    def _one_policy(self) -> "ScheduleConfig":
        if self.one_cycle and self.plateau is not None:
            raise ValueError("one_cycle and plateau both steer the learning rate; set plateau: null")
        return self


class DistillationConfig(_Section):
    """Knowledge distillation from finished runs; see `neumo.training.distillation`."""

    teachers: Annotated[tuple[str, ...], Field(min_length=1)]
    """Folders of runs that saw no image which this run holds out."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.7
    """Weight of their probabilities in a training target; the label has the rest."""


class Experiment(_Section):
    """A whole experiment file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    description: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    image_size: Annotated[int, Field(ge=32, le=1024)] = 224
    training_size: Annotated[int, Field(ge=32, le=2048)] | None = None
    """Side of the stored training images, from which augmentation crops; null is `image_size`."""
    crop_size: Annotated[int, Field(ge=32, le=1024)] | None = None
    """Side of the crops that train; null is `image_size`. Random crops enlarge what they show, so a network that
    trained on smaller ones sees an image at the scale it knows (Touvron et al., NeurIPS 2019)."""
    field_of_view: Annotated[float, Field(ge=0.5, le=1)] = 1.0
    """Central share of each side that is read, so that the rim cannot decide; training sees whole images."""
    intensity: Intensity = Intensity.AS_STORED
    """Grey levels as stored, or scaled by each image's 2nd and 98th percentile."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    distillation: DistillationConfig | None = None
    split: SplitConfig
    balance: Balance = Balance.NONE
    sampling: SamplingConfig = SamplingConfig()
    model: ModelConfig
    augmentation: AugmentationConfig = AugmentationConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()

    @model_validator(mode="after")
    def _crops_need_no_less(self) -> "Experiment":
        if self.training_size is not None and self.training_size < self.image_size:
            raise ValueError(
                f"training_size {self.training_size} is below image_size {self.image_size}; make it at least that"
            )
        if self.field_of_view < 1 and self.augmentation.crop == 1:
            raise ValueError(
                f"field_of_view {self.field_of_view} needs random crops; set augmentation.crop below 1"
            )
        for key in ("training_size", "crop_size"):
            if getattr(self, key) not in (None, self.image_size) and self.augmentation.crop == 1:
                raise ValueError(
                    f"{key} {getattr(self, key)} needs random crops; set augmentation.crop below 1"
                )
        if self.sampling.over is not Sampling.ONCE and self.balance not in _BALANCE_OF_SAMPLES:
            raise ValueError(
                f"sampling.over {self.sampling.over} and balance {self.balance} both choose or weigh images; set "
                f"balance to {' or '.join(_BALANCE_OF_SAMPLES)}"
            )
        return self

    @field_validator("balance", mode="before")
    @classmethod
    def _exactly_one_balance(cls, value: Any) -> Any:
        if isinstance(value, list | tuple | dict):
            raise ValueError(f"{value} are several strategies at once; choose exactly one")
        return value


def load_experiment(source: Path, overrides: Sequence[str] = ()) -> Experiment:
    """Read an experiment file, apply `key=value` overrides, and validate everything together.

    Parameters
    ----------
    source : Path
        YAML file.
    overrides : sequence of str
        Such as "schedule.batch_size=16"; dots reach into sections, values are YAML.

    Raises
    ------
    ConfigError
        The file is missing or no YAML mapping, or has faults; all are listed, with key, value and remedy.
    """
    try:
        value = yaml.safe_load(source.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{source}: no such experiment file") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{source}: is not a YAML file ({' '.join(str(error).split())})") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{source}: must be a mapping of keys, such as the files in experiments/")
    for override in overrides:
        _apply(value, override)
    return parse_experiment(value, str(source))


def parse_experiment(value: dict[str, Any], where: str) -> Experiment:
    """Validate plain values; `where` names them in messages. Raises ConfigError listing all faults."""
    try:
        return Experiment.model_validate(value)
    except ValidationError as error:
        faults = [_fault(item) for item in error.errors()]
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise ConfigError(f"{where}: {len(faults)} fault{'s' * (len(faults) > 1)}\n{listed}") from error


def _apply(value: dict[str, Any], override: str) -> None:
    key, found, text = override.partition("=")
    if not found or not key:
        raise ConfigError(f"--set {override!r}: must be key=value, such as schedule.batch_size=16")
    *sections, last = key.split(".")
    for section in sections:
        nested = value.setdefault(section, {})
        if not isinstance(nested, dict):
            raise ConfigError(f"--set {override!r}: {section!r} is a value, not a section")
        value = nested
    try:
        value[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {override!r}: {text!r} is not a YAML value") from error


def _fault(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"]) or "experiment"
    if item["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(item["loc"][-1]), _known_keys(item["loc"][:-1]), n=1)
        remedy = (
            f"did you mean {close[0]!r}?"
            if close
            else f"known here: {', '.join(_known_keys(item['loc'][:-1]))}"
        )
        return f"{key}: {item['input']!r}: unknown key; {remedy}"
    if item["type"] == "missing":
        return f"{key}: is missing; add it"
    message = item["msg"].removeprefix("Value error, ")
    return f"{key}: {item['input']!r}: {message[:1].lower()}{message[1:]}"


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    section: type[BaseModel] = Experiment
    for part in location:
        field = section.model_fields.get(str(part))
        inner = next(_sections(field.annotation), None) if field else None
        if inner is None:
            return []
        section = inner
    return sorted(section.model_fields)


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _sections(part)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
