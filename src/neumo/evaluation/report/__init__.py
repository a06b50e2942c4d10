"""The HTML evaluation report and its figures."""

from neumo.core.user_folders import keep_matplotlib_in_cache

keep_matplotlib_in_cache()
