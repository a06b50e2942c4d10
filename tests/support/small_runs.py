"""Small runs with real evaluations, as `neumo train` and `neumo evaluate` leave them."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from neumo.evaluation.evaluate import evaluate
from neumo.evaluation.predictions import Predictions, write_predictions

EVALUATION = "evaluation/test"


def predictions(seed: int, skill: float) -> Predictions:
    random = np.random.default_rng(seed)
    truth = np.arange(120, dtype=np.int64) % 3
    logits = random.normal(size=(120, 3)) + skill * np.eye(3)[truth]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(
        tuple(f"test/{i}.jpeg" for i in range(120)),
        tuple(f"p{i // 2}" for i in range(120)),
        truth,
        shares,
        {"sex": tuple("MF"[i % 2] for i in range(120))},
        synthetic=True,
    )


def make_images(data: Path) -> None:
    """Write the images that `predictions` lists, 96 x 80 and each of a grey of its own."""
    (data / "test").mkdir(parents=True)
    for i in range(120):
        Image.new("L", (96, 80), 2 * i).save(data / "test" / f"{i}.jpeg")


def make_run(folder: Path, seed: int, skill: float, data: Path | None = None) -> None:
    part = folder / EVALUATION
    (part / "figures").mkdir(parents=True)
    evaluated = predictions(seed, skill)
    write_predictions(evaluated, part / "predictions.csv")
    value = {"evaluation": evaluate(evaluated, resamples=50).to_json(), "subgroups": []}
    (part / "metrics.json").write_text(json.dumps(value))
    (part / "figures" / "roc.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (folder / "experiment.yaml").write_text("name: small\nmodel: {name: study_cnn}\n")
    record = {
        "name": folder.name,
        "status": "finished",
        "epochs": 2,
        "best_epoch": 1,
        "data": {"synthetic": True, "path": str(data or folder / "gone")},
    }
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "metrics.csv").write_text("epoch,loss\n0,1.5\n1,nan\n")
