"""Warnings about where a bundle was commissioned: nobody accepted it, or its review has lapsed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from neumo.core.reading import Notice

if TYPE_CHECKING:
    from neumo.bundle.site import SiteStatement


def site_notices(site: "SiteStatement | None") -> Iterator[Notice]:
    """Yield the warnings that every reading of a site bundle carries; none of a bundle that was not commissioned."""
    if site is None:
        return
    if site.acceptance is None:
        yield Notice(
            "site_not_accepted",
            f"The settings for {site.site} were not accepted by anybody yet.",
            {"site": site.site},
        )
    elif site.review_lapsed():
        day = site.acceptance.review_by
        yield Notice(
            "review_lapsed",
            f"The acceptance at {site.site} had to be reviewed by {day}, which has passed: examine it again.",
            {"site": site.site, "review_by": day},
        )
