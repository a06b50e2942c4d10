"""Commissioning of the bundle in use: site, acceptance and metrics, as plain values."""

from typing import Any

from neumo.bundle.acceptance import acceptance_record
from neumo.bundle.folder import Bundle


def commissioned(bundle: Bundle) -> dict[str, Any] | None:
    """Return the commissioning of a site bundle; None of one that was not commissioned.

    Raises
    ------
    BundleError
        Its acceptance record is none.
    """
    site, record = bundle.site, acceptance_record(bundle)
    if site is None or record is None:
        return None
    stated = site.to_json()
    return {
        **{
            name: stated[name]
            for name in ("site", "base", "changed", "images", "patients", "made_on", "acceptance")
        },
        "review_lapsed": site.review_lapsed(),
        "signed": bundle.vouched,
        "criteria": [dict(one) for one in record.criteria],
    }
