"""Subject of the papers: a bundle, and the settings that it is used with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import neumo
from neumo.bundle.folder import Bundle
from neumo.bundle.signing import SHIPPED
from neumo.core.evidence import Evidence
from neumo.dicomnode.config import NodeConfig
from neumo.texts.catalogue import Texts


@dataclass(frozen=True)
class Subject:
    """A bundle with the settings of a node.

    Attributes
    ----------
    bundle : Bundle
    node : NodeConfig
        The defaults where no settings file is given.
    settings : Path or None
        The file that the settings come from.
    """

    bundle: Bundle
    node: NodeConfig
    settings: Path | None = None

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the bundle comes from, as its config states it."""
        return dict(self.bundle.config.provenance)

    @property
    def ours(self) -> bool:
        """Whether neumo's own results and methods are about this network: it is the shipped one, or a site's of it."""
        site = self.bundle.site
        return self.bundle.digest in SHIPPED or (site is not None and site.base["digest"] in SHIPPED)

    @property
    def measured(self) -> tuple[Evidence, ...]:
        """Evidence on data that chose nothing, as they are."""
        return tuple(
            entry for entry in self.bundle.evidence if not entry.chose and "damage" not in entry.conditions
        )


def left_open(t: Texts, by: str) -> str:
    """Return the mark of what only people know; `by` is a key of papers.by."""
    return t("papers.open", by=t(f"papers.by.{by}"))


def provenance_lines(subject: Subject, t: Texts) -> Sequence[str]:
    """Return the opening lines of every paper: its sources, and the site."""
    config, site = subject.bundle.config, subject.bundle.site
    today = datetime.now(UTC).date().isoformat()
    written = t(
        "papers.written",
        neumo=neumo.__version__,
        on=today,
        name=config.name,
        version=config.version,
        digest=subject.bundle.digest,
    )
    if site is None:
        return written, t("papers.no_site")
    if site.acceptance is None:
        return written, t("papers.site_open", site=site.site, made_on=site.made_on)
    return written, t("papers.site", site=site.site, made_on=site.made_on, **vars(site.acceptance))
