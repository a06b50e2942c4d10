from types import MappingProxyType

import pytest

from neumo.core.findings import Finding
from neumo.core.labels import Label, PartialLabel
from neumo.datasets.collections import ages_of, attribution_of, data_set_name
from neumo.datasets.manifest import Entry

N, B, V, P = Finding.NORMAL, Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA, PartialLabel.PNEUMONIA


def entry(label: Label, /, **attributes: str) -> Entry:
    split = attributes.pop("split", "train")
    return Entry("a.png", label, "p", split, 9, 9, "0" * 64, MappingProxyType(attributes))


@pytest.mark.parametrize(
    ("sources", "named"),
    [
        ([{}], ("Kermany",)),
        ([{"split": ""}], ("images of no stated source (its attribution is not known to neumo)",)),
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


def test_only_images_in_official_parts_are_taken_for_those_of_kermany_where_no_source_is_stated() -> None:
    ours, official, named = entry(N, split=""), entry(N), entry(N, source="nih")
    assert data_set_name([ours], synthetic=False) == "images of no stated source"
    assert data_set_name([official], synthetic=False) == "Kermany chest radiographs"
    assert data_set_name([official, named, ours], synthetic=False).count(" and ") == 2
    assert data_set_name([official], synthetic=True) == "phantoms"
    assert (ages_of(ours), ages_of(official)) == (None, (1.0, 5.0))
