"""Images per second of the study's CNN on the CPU: neumo beside TensorFlow/Keras, taken in turns.

TensorFlow is installed into a throw-away environment (about 1 GB). Both train the same network (224 px, batch 32,
Adam, cross-entropy) on the same kind of data with the study's augmentation; Keras as its users write it: RGB
images, tf.data with cache and prefetch, `model.fit`. A third row gives Keras one channel, and a fourth gives
neumo single precision, so that the sources of the difference show.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

TENSORFLOW = "tensorflow==2.21.0"

NEUMO = """
import json, sys, time
import numpy as np, torch
import lightning as L
from neumo.imaging.prepare import Intensity
from neumo.models.study_cnn import StudyCNN
from neumo.training.allocator import computes_in_bfloat16, prepare_processor
from neumo.training.augmentation import random_augmentation
from neumo.training.batches import Batches, PixelDataset
from neumo.training.config import AugmentationConfig, OptimizerConfig, ScheduleConfig
from neumo.training.module import Classifier
import logging, warnings
warnings.simplefilter("ignore"); logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
images, precision = int(sys.argv[1]), sys.argv[2]
if precision == "auto":
    precision = "bf16-mixed" if computes_in_bfloat16() else "32-true"
prepare_processor()
rng = np.random.default_rng(0)
pixels = rng.integers(0, 255, (images, 224, 224), dtype=np.uint8)
labels = rng.integers(0, 3, images)
data = PixelDataset(pixels, np.arange(images), labels, np.zeros_like(labels))
few = PixelDataset(pixels, np.arange(32), labels, np.zeros_like(labels))
module = Classifier(StudyCNN().to(memory_format=torch.channels_last),
                    random_augmentation(AugmentationConfig(flip=0.5, rotation=10, zoom=0.1, contrast=0.1), 224,
                                        Intensity.AS_STORED),
                    OptimizerConfig(), ScheduleConfig(early_stopping=None, plateau=None), seed=0)
times = []
class Clock(L.Callback):
    def on_train_epoch_start(self, *a): self.t = time.perf_counter()
    def on_train_batch_end(self, t, m, o, b, i):
        if i == len(data) // 32 - 1: times.append(time.perf_counter() - self.t)
L.Trainer(max_epochs=2, precision=precision, logger=False, enable_checkpointing=False, enable_progress_bar=False,
          enable_model_summary=False, num_sanity_val_steps=0, callbacks=[Clock()]).fit(module, Batches(data, few, 32, 0))
print(json.dumps({"rate": images / times[-1], "precision": precision}))
"""

KERAS = """
import json, os, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
from tensorflow import keras
images, channels = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(0)
x = rng.integers(0, 255, (images, 224, 224, channels), dtype=np.uint8)
y = tf.one_hot(rng.integers(0, 3, images), 3)
layers = keras.layers
augment = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(10 / 360), layers.RandomZoom(0.1),
                            layers.RandomContrast(0.1)])
data = (tf.data.Dataset.from_tensor_slices((x, y)).cache().shuffle(1000).batch(32)
        .map(lambda a, b: (augment(tf.cast(a, tf.float32) / 255, training=True), b), num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE))
blocks = []
for width in (32, 64, 128):
    blocks += [layers.Conv2D(width, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
model = keras.Sequential([keras.Input((224, 224, channels)), *blocks, layers.Flatten(), layers.Dense(128, activation="relu"),
                          layers.Dropout(0.5), layers.Dense(3, activation="softmax")])
model.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy",
              metrics=["accuracy", keras.metrics.Precision(), keras.metrics.Recall(), keras.metrics.AUC()])
times = []
class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, e, logs=None): self.t = time.perf_counter()
    def on_epoch_end(self, e, logs=None): times.append(time.perf_counter() - self.t)
model.fit(data, epochs=2, verbose=0, callbacks=[Clock()])
print(json.dumps({"rate": images / times[-1]}))
"""


def measured(python: str, code: str, *arguments: str) -> float:
    done = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"a measurement failed:\n{done.stderr[-2000:]}")
    rate: float = json.loads(done.stdout.strip().splitlines()[-1])["rate"]
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--images", type=int, default=320, help="images an epoch; the second of two epochs is timed"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--rival", help="python of an environment with TensorFlow, instead of a throw-away one"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="neumo-rival-") as folder:
        rival = options.rival
        if rival is None:
            print(f"installing {TENSORFLOW} into a throw-away environment ...", flush=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            rival = str(Path(folder) / "bin" / "python")
            subprocess.run([rival, "-m", "pip", "install", "-q", TENSORFLOW], check=True)
        images = str(options.images)
        rivals: dict[str, Callable[[], float]] = {
            "neumo": lambda: measured(sys.executable, NEUMO, images, "auto"),
            "Keras, TensorFlow, RGB": lambda: measured(rival, KERAS, images, "3"),
            "Keras, TensorFlow, one channel": lambda: measured(rival, KERAS, images, "1"),
            "neumo, single precision": lambda: measured(sys.executable, NEUMO, images, "32-true"),
        }
        rates: dict[str, list[float]] = {name: [] for name in rivals}
        for number in range(options.rounds):
            for name, measure in rivals.items():
                rates[name].append(measure())
                print(f"round {number + 1}: {name}: {rates[name][-1]:.1f} images/s", flush=True)
    for name, own in rates.items():
        ratio = statistics.median(a / b for a, b in zip(rates["neumo"], own, strict=True))
        print(f"{name}: median {statistics.median(own):.1f} images/s; neumo is {ratio:.2f} x")


if __name__ == "__main__":
    main()
