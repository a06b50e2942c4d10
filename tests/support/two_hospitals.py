"""Phantoms as a data set of two hospitals."""

import shutil
from pathlib import Path

from neumo.datasets.layout import open_dataset


def hospitals_of(phantoms: Path, folder: Path) -> Path:
    """Return a manifest of two sources: children in official parts with all findings, adults with partial labels."""
    shutil.copytree(phantoms, folder, dirs_exist_ok=True)
    rows = ["path,label,patient,split,source,view,age"]
    for number, entry in enumerate(open_dataset(phantoms).entries):
        if number % 3:
            rows.append(f"{entry.path},{entry.label},children:{entry.patient},{entry.split},children,AP,4")
            continue
        label = "NORMAL" if entry.label == "NORMAL" else ("PNEUMONIA", "OTHER_ABNORMAL")[number % 2]
        rows.append(f"{entry.path},{label},adults:{entry.patient},,adults,{('AP', 'PA')[number // 6 % 2]},50")
    (folder / "merged.csv").write_text("\n".join(rows) + "\n")
    return folder / "merged.csv"
