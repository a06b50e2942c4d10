from pathlib import Path

import pytest

TINY = """
name: tiny
seed: 5
image_size: 64
split: {kind: official, validation: 0.2}
model: {name: study_cnn, options: {filters: [4, 8], dense: 16, dropout: 0.4}}
augmentation: {flip: 0.5, rotation: 10, zoom: 0.1, contrast: 0.2}
optimizer: {learning_rate: 0.003}
schedule: {batch_size: 8, max_epochs: 6, early_stopping: 5, plateau: {patience: 0, factor: 0.5}, precision: 32-true}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A small experiment whose learning rate falls often, so that a forgotten schedule state shows."""
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    return file
