"""Admission of bundles: signed as it is required, and tried in a process with limits, unless shipped with neumo."""

from pathlib import Path

from neumo.bundle.folder import Bundle, load_bundle
from neumo.bundle.signing import SHIPPED


def admitted(source: Path | str | Bundle | None, trusted: Path | str | None = None) -> Bundle:
    """Return a bundle that may be run in this process.

    Parameters
    ----------
    source : Path, str or Bundle, optional
        As for `neumo.bundle.folder.load_bundle`, or one that it returned.
    trusted : Path or str, optional
        File of trusted keys, likewise.

    Raises
    ------
    BundleError, ConfigError, MissingExtraError, ChildStartError
        It cannot be used, is not signed as it has to be, or its trial failed.
    """
    bundle = source if isinstance(source, Bundle) else load_bundle(source, trusted=trusted)
    if bundle.digest not in SHIPPED:
        from neumo.inference.bundle_trial import require_tried  # which most readers need not pay for

        require_tried(bundle)
    return bundle
