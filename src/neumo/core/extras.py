"""Extras of the package that commands and pages ask for, and packages by which each is known to be installed."""

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Final, Literal

Extra = Literal["train", "site", "dicom", "archive", "web", "cluster"]
PACKAGES: Final[Mapping[Extra, Sequence[str]]] = {
    "train": ("torch", "lightning"),
    "site": ("sklearn", "scipy", "onnx", "reportlab"),
    "dicom": ("pynetdicom", "dicomweb_client", "prometheus_client", "dicognito", "anyascii"),
    "archive": ("sqlalchemy", "alembic", "psycopg", "anyascii"),
    "cluster": ("ray", "pyarrow", "duckdb", "fsspec"),
    "web": ("fastapi", "uvicorn", "python_multipart", "argon2", "itsdangerous", "sqlalchemy", "alembic"),
}


def is_installed(extra: Extra) -> bool:
    """Whether everything of an extra is there; nothing is imported."""
    return all(importlib.util.find_spec(name) is not None for name in PACKAGES[extra])
