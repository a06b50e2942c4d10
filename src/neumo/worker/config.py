"""Settings of the readers: the section `read` of the workbench's and the node's file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from neumo.core.typed_values import between

_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class ReaderConfig:
    """The readers, each in a process of its own."""

    bundle: str | None = None
    trusted_keys: Path | None = None
    """File of trusted keys, one of which must have signed the bundle; null is what $NEUMO_TRUSTED_KEYS names."""
    operating_point: str | None = None
    coverage: float = 0.90
    prevalence: Annotated[float, between(above=0, below=1)] | None = None
    """Prevalence of pneumonia among the patients read here, such as 0.1; without it no predictive value is stated."""
    allow_outside_range: bool = False
    processes: Annotated[int, between(1, 64)] = 1
    threads: Annotated[int, between(1)] | None = None
    """Threads of each reader process; null is all cores."""
    timeout: Annotated[float, between(above=0, most=86_400)] = 120
    """Timeout of one file, in seconds, after which its process is killed."""
    memory_bytes: Annotated[int, between(512 * _MIB)] | None = 4096 * _MIB
    """Memory limit of a process beyond what it has once its network is loaded; enforced on Linux. null is no limit."""
