import sys
from pathlib import Path

from archive_databases import archive, postgresql, url

__all__ = ["archive", "postgresql", "url"]

# The benchmark's many readings serve tests too.
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
