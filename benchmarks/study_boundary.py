"""Specificity, sensitivity and implied AUROC of the study's runs and ours, from the confusion matrices in study.md.

    python benchmarks/study_boundary.py docs/results/study.md

For each matrix: specificity and sensitivity of pneumonia, and the AUROC of the binormal ROC curve of equal variances
through that one point, Phi(d' / sqrt(2)) with d' = z(sensitivity) + z(specificity) (Green and Swets 1966). Runs on one such
curve tell normal from pneumonia equally well and differ in their threshold only. No image is read.
"""

import argparse
import re
from math import sqrt
from pathlib import Path

from scipy.stats import norm

ROW = re.compile(r"\| (NORMAL|BACTERIAL_PNEUMONIA|VIRAL_PNEUMONIA) " + r"\| (\d+) " * 6 + r"\|")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path)
    rows = [[int(n) for n in row[1:]] for row in ROW.findall(parser.parse_args().page.read_text())]
    print("run | whose | specificity | sensitivity | AUROC of the curve through it")
    for start in range(0, len(rows), 3):
        for whose, first in (("study", 0), ("neumo", 3)):
            normal, *pneumonia = (row[first : first + 3] for row in rows[start : start + 3])
            specificity = normal[0] / sum(normal)
            sensitivity = 1 - sum(row[0] for row in pneumonia) / sum(sum(row) for row in pneumonia)
            area = norm.cdf((norm.ppf(sensitivity) + norm.ppf(specificity)) / sqrt(2))
            print(f"{start // 3 + 1} | {whose} | {specificity:.3f} | {sensitivity:.3f} | {area:.3f}")


if __name__ == "__main__":
    main()
