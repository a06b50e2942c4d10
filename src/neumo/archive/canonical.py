"""The one JSON text of a value, over which digests are taken."""

import json
from typing import Any


def canonical(value: Any) -> str:
    """Return JSON that equal values share: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
