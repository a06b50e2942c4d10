"""Cross entropy to partial labels."""

import torch
from torch.nn.functional import log_softmax


def partial_cross_entropy(
    logits: torch.Tensor, allowed: torch.Tensor, label_smoothing: float = 0.0
) -> torch.Tensor:
    """Mean of -log of the summed probability of the classes that each label allows.

    For a label that allows one class this is cross entropy. It is the likelihood of what is known where several classes
    are possible (Jin and Ghahramani, "Learning with Multiple Labels", NeurIPS 2002; Cour et al., "Learning from Partial
    Labels", JMLR 12, 2011).

    Parameters
    ----------
    logits : tensor (N, C)
    allowed : tensor of bool (N, C)
        Rows without any allowed class count nothing.
    label_smoothing : float
        Share of each label spread over all classes, 0-1.

    Returns
    -------
    tensor, scalar
        0 where no row counts.
    """
    logs = log_softmax(logits, dim=1)
    known = allowed.any(dim=1)
    # Rows that allow nothing are filled by a constant: -inf would make NaN of their gradient.
    kept = logs.masked_fill(~(allowed | ~known[:, None]), -torch.inf)
    losses = -torch.logsumexp(kept, dim=1)
    if label_smoothing:
        losses = (1 - label_smoothing) * losses - label_smoothing * logs.mean(dim=1)
    return (losses * known).sum() / known.sum().clamp(min=1)
