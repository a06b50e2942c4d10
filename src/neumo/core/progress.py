"""Progress of long work."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with what is done and the total."""
