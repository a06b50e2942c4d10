from neumo.evaluation.metrics.classification import measure, unit_weights
from neumo.evaluation.predictions import Predictions


def point_metrics(predictions: Predictions) -> dict[str, float]:
    """Return every metric of the images as they are, without intervals."""
    measured = measure(predictions, unit_weights(predictions))
    return {name: float(values[0]) for name, values in measured.items()}
