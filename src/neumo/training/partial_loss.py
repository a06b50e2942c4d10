"""Cross entropy to partial labels, and to labels that allow no finding."""

import torch
from torch.nn.functional import log_softmax

from neumo.core.findings import PNEUMONIA, Finding

_KINDS = [kind.index for kind in PNEUMONIA]


def partial_cross_entropy(
    logits: torch.Tensor, allowed: torch.Tensor, label_smoothing: float = 0.0, *, neither: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean of -log of the summed probability of the classes that each label allows.

    For a label that allows one class this is cross entropy. It is the likelihood of what is known where several classes
    are possible (Jin and Ghahramani, "Learning with Multiple Labels", NeurIPS 2002; Cour et al., "Learning from Partial
    Labels", JMLR 12, 2011).

    A label that allows no class (other disease) may be given an even target: normal a half, pneumonia of whichever
    cause the other half. Asked for even odds on images of none of its classes, a network learns that what they share
    with a class does not prove it (outlier exposure: Hendrycks et al., ICLR 2019).

    Parameters
    ----------
    logits : tensor (N, 3)
    allowed : tensor of bool (N, 3)
    label_smoothing : float
        Share of each label spread over all classes, 0-1.
    neither : float
        Weight of the rows without any allowed class; 0 counts them nothing.

    Returns
    -------
    loss : tensor, scalar
        0 where no row counts.
    weight : tensor, scalar
        Sum of the rows' weights, which the loss is the mean over.
    """
    logs = log_softmax(logits, dim=1)
    known = allowed.any(dim=1)
    # Rows that allow nothing are filled by a constant: -inf would make NaN of their gradient.
    kept = logs.masked_fill(~(allowed | ~known[:, None]), -torch.inf)
    losses = -torch.logsumexp(kept, dim=1)
    if label_smoothing:
        losses = (1 - label_smoothing) * losses - label_smoothing * logs.mean(dim=1)
    weights = known.to(logits.dtype)
    if neither:
        even = -(logs[:, Finding.NORMAL.index] + torch.logsumexp(logs[:, _KINDS], dim=1)) / 2
        losses, weights = torch.where(known, losses, even), torch.where(known, weights, neither)
    weight = weights.sum()
    return (losses * weights).sum() / weight.clamp(min=torch.finfo(weight.dtype).tiny), weight
