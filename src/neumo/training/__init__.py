"""An experiment file to a trained run (Lightning)."""

from neumo.core.user_folders import keep_matplotlib_in_cache

keep_matplotlib_in_cache()  # torchmetrics, under Lightning, imports it
