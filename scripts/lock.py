"""Write requirements/*.txt: every version with the hashes of all its files, from pyproject.toml and constraints.txt.

Run it with `make lock` after either has changed. It needs uv, which `make lock` installs by itself.

PyTorch and the CUDA packages that it brings are left out: which of its builds fits depends on the machine, so `make`
installs them by version alone (requirements/torch.txt).
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGETS = {
    "light": [],
    "web": ["web"],
    "server": ["web", "dicom", "archive", "oidc", "signing", "client"],
    "site": ["site"],
    "docs": ["docs"],
    "release": ["release"],
    "dev": ["dev"],
}
"""Name of the file by the extras that it covers."""

BY_MACHINE = re.compile(r"(torch|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==")
HEADER = "# Made by `make lock` from pyproject.toml and constraints.txt; install with --no-deps --require-hashes.\n"


def compiled(uv: str, extras: list[str], build: Path) -> str:
    """Return requirements for every supported Python and platform, with hashes."""
    command = [
        uv,
        "pip",
        "compile",
        "pyproject.toml",
        str(build),
        "-c",
        "constraints.txt",
        "--universal",
        "--quiet",
    ]
    # The Python of Debian 12: what its machines cannot install is not pinned.
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--python-version", "3.11.2"]
    for extra in extras:
        command += ["--extra", extra]
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout


def main(uv: str) -> None:
    """Write every file."""
    folder = ROOT / "requirements"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        build = Path(made) / "build.in"
        # What builds neumo itself, so that no build reaches for other versions (--no-build-isolation).
        build.write_text("hatchling\neditables\n")
        for name, extras in TARGETS.items():
            entries = re.split(r"\n(?=\S)", compiled(uv, extras, build).strip())
            by_machine = [entry for entry in entries if BY_MACHINE.match(entry)]
            kept = [entry for entry in entries if not BY_MACHINE.match(entry)]
            (folder / f"{name}.txt").write_text(HEADER + "\n".join(kept) + "\n")
            torch = [entry.split()[0] for entry in by_machine if entry.startswith("torch==")]
            if torch:
                text = "# The one package without hashes: pip takes the build that fits the machine.\n"
                (folder / "torch.txt").write_text(text + torch[0] + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
