from types import MappingProxyType

import pytest

from neumo.core.findings import Finding
from neumo.core.labels import Label, PartialLabel
from neumo.datasets.collections import attribution_of
from neumo.datasets.manifest import Entry

N, B, V, P = Finding.NORMAL, Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA, PartialLabel.PNEUMONIA


def entry(label: Label, /, **attributes: str) -> Entry:
    return Entry("a.png", label, "p", "train", 9, 9, "0" * 64, MappingProxyType(attributes))


@pytest.mark.parametrize(
    ("sources", "named"),
    [
        ([{}], ("Kermany",)),
        (
            [{"source": "kermany"}, {"source": "nih", "label_basis": "text"}],
            ("Kermany", "Wang et al., CVPR 2017"),
        ),
        (
            [{"source": "nih", "label_basis": "radiologists of the RSNA challenge"}],
            ("NIH Clinical Center", "Shih et al."),
        ),
        ([{"source": "ours"}], ("ours (its attribution is not known to neumo)",)),
    ],
)
def test_every_source_and_who_read_it_is_named(sources: list[dict[str, str]], named: tuple[str, ...]) -> None:
    said = attribution_of(entry(N, **attributes) for attributes in sources)
    assert all(name in said for name in named), said
    assert ("Shih" in said) is any("RSNA challenge" in one.get("label_basis", "") for one in sources)
