"""Print line and branch coverage, and fail where lines are below the floor.

coverage's own `fail_under` mixes lines with branches where branches are measured.
"""

import json
import sys
from pathlib import Path


def main(report: str, floor: str) -> None:
    """Read a report of `coverage json`; exit with 1 below the floor (percent of lines)."""
    totals = json.loads(Path(report).read_text(encoding="utf-8"))["totals"]
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    sys.stdout.write(f"coverage: {lines:.1f} % of lines (floor {floor} %), {branches:.1f} % of branches\n")
    sys.exit(lines < float(floor))


if __name__ == "__main__":
    main(*sys.argv[1:])
