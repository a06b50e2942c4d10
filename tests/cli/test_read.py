import json
import subprocess
import sys

from neumo.samples import sample_files

UNASKED = (
    "PIL.PngImagePlugin",
    "importlib.resources",
    "neumo.bundle.site",
    "neumo.core.decision",
    "neumo.imaging.picture",
    "neumo.inference.header_words",
    "neumo.results.csv_table",
    "pydicom",
    "rich",
    "yaml",
)
"""What reading a JPEG file as JSON Lines has no use for."""


def test_a_reading_imports_only_what_it_needs_and_leaves_it_to_no_garbage_collector() -> None:
    code = f"""
import gc, sys
sys.argv = ["neumo", "read", {str(sample_files()[0])!r}, "--json", "-"]
from neumo.cli.main import main
try:
    main()
finally:
    print(sorted(sys.modules.keys() & set({UNASKED})), gc.isenabled(), gc.get_freeze_count() > 10_000, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "read"
    assert done.stderr.strip() == "[] True True"
