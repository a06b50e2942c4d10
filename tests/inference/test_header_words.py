"""Codes and words of body part and view, in any spelling, language and case."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.sr._cid_dict import cid_concepts

from neumo.core.radiograph import AcquisitionFacts, CodedConcept
from neumo.inference.header_words import Meaning, body_part_of, unread_values, view_of

MATCHING, CONTRARY, UNKNOWN = Meaning.MATCHING, Meaning.CONTRARY, Meaning.UNKNOWN

CHEST = [
    "CHEST", "chest", "Chest PA", "PORT CHEST", "CHEST_PORTABLE", "THORAX", "THORAX PA", "T\u00d3RAX",
    "T\u00f3rax AP",
    "TORAX", "Thorax a.p.", "TORACE", "T\u00d3RAX PULMONES", "Lungs", "LUNGE", "POUMONS", "PULM\u00c3O", "CXR",
    "PECHO",
    "Brustkorb", "POLMONI", "Cage thoracique", "Gabbia toracica", "RX TORAX", "CHEST 2 VIEWS", "THORACIC",
    "Klatka piersiowa", "TORAX AP PORTATIL", "RAIO X DE T\u00d3RAX", "R\u00f6ntgenthorax", "Thorax Bettaufnahme",
    "CHST",
    "Poumons", "Thorax de face", "T\u00f3rax en bipedestaci\u00f3n", "Lungen", "Toraks", "Caixa tor\u00e1cica",
    "CHEST BILATERAL LUNGS", "Thx", "br\u00f6stkorg", "grudni ko\u0161", "THORAX2",
    "\u0413\u0440\u0443\u0434\u043d\u0430\u044f \u043a\u043b\u0435\u0442\u043a\u0430",
    "\u80f8\u90e8", "\ud749\ubd80",
]  # fmt: skip
NOT_CHEST = [
    "HAND", "ABDOMEN", "CHESTABDPELVIS", "CHEST ABD", "T\u00d3RAX Y ABDOMEN", "Thorax/Becken", "TSPINE", "T-SPINE",
    "THORACIC SPINE", "COLUMNA TOR\u00c1CICA", "BWS", "Brustwirbels\u00e4ule", "RODILLA",
    "CR\u00c1NEO", "Sch\u00e4del", "KNIE",
    "L KNEE", "RIBS", "CLAVICULA", "PELVIS", "MU\u00d1ECA", "C\u00d4TES", "SKULL AP", "WHOLEBODY", "BREAST", "Hals",
    "HANDS", "Knees", "M\u00c3O", "M\u00e3os", "TORNOZELO", "PUNHO", "PESCO\u00c7O", "BRA\u00c7O", "F\u00c9MUR",
    "FU\u00df", "H\u00c4NDE", "Kn\u00f6chel",
    "CHEVILLE", "Poignet", "AVANT-BRAS", "BASSIN", "M\u00e2choire", "ADDOME", "BACINO", "Avambraccio",
    "SENOS PARANASALES",
    "CAVUM", "EDAD \u00d3SEA", "Nasennebenh\u00f6hlen", "MUSLO", "DEDOS", "ES\u00d3FAGO", "METACARPALS", "Feet AP",
    "GRIL COSTAL", "PARRILLA COSTAL", "ARCOS COSTAIS", "RIBCAGE", "Rippenthorax", "Hemithorax links",
    "kn\u00f6cherner Thorax", "HEMIT\u00d3RAX", "ESTERNO", "Sternoclavicular", "Colonne dorsale", "H\u00daMERO",
    "OMOPLATA",
    "BACIA", "CALC\u00c2NEO", "SEIOS DA FACE", "SILLA TURCA", "H\u00fcftgelenk", "Kniegelenk", "Oberarm", "Ellbogen",
    "Becken\u00fcbersicht", "MASTOIDES", "\u00d3RBITAS", "Thorax et ASP", "CUERPO ENTERO", "THORACOLUMBAR",
    "THORACIC INLET",
    "Barium swallow", "P\u00c9S", "NECKCHEST", "ChestNeck", "Patella", "costillas", "CHESTSKULL",
]  # fmt: skip
OTHER_REGIONS = [
    "ABDOMENPELVIS", "AORTA", "BACK", "BRONCHUS", "CIRCLEOFWILLIS", "EYE", "FACE", "HEADNECK", "HEART", "IAC",
    "JEJUNUM", "MEDIASTINUM", "NECKCHESTABDPELV", "PELVISLOWEXTREMT", "RADIUSULNA", "SIJOINT", "THYROID",
    "TIBIAFIBULA", "TLSPINE", "TRACHEA", "ZYGOMA", "Eye", "heart",
]  # fmt: skip
"""Some of the standard's defined terms of Body Part Examined; a chest radiograph may name several of them besides."""
FRONTAL = [
    "PA", "AP", "pa", "p.a.", "A-P", "A P", "AP ERECT", "PA_STANDING", "Frontal", "ANTEROPOSTERIOR",
    "antero-posterior",
    "POSTERO ANTERIOR", "AP SUPINE", "FACE", "PA/AP", "AP PORTABLE", "BILATERAL PA",
    "DE FRENTE", "AP dec\u00fabito supino", "AP DECUBITO DORSAL", "Face, d\u00e9cubitus dorsal", "VENTRODORSAL",
    "\u00c2ntero-posterior", "AP UNILATERAL", "AP BEDSIDE", "A.P. liegend", "Post\u00e9ro-ant\u00e9rieur",
    "ANTERO-POSTERIORE", "P\u00f3stero-anterior", "PA frontale", "PA1", "AP_2", "dorso-ventral",
    "\u5f8c\u524d\u4f4d", "\u6b63\u4f4d",
]  # fmt: skip
NOT_FRONTAL = [
    "LL", "RL", "LAT", "LATERAL", "lateral", "AP LLD", "AP LORDOTIC", "Lord\u00f3tica", "PA OBLIQUE", "OBLICUA",
    "RAO",
    "AP DECUBITUS", "dec\u00fabito", "PERFIL", "Profil", "seitlich", "AP AXIAL", "PA AND LAT", "PA & LATERAL",
    "XTABLE",
    "Left Lateral", "R LAT", "LATEROLATERAL", "Schr\u00e4g", "tangential", "SWIMMERS", "l.l.",
    "dec\u00fabito lateral", "DEC\u00daBITO LATERAL IZQUIERDO", "D\u00e9cubitus lat\u00e9ral gauche",
    "AP dec\u00fabito supino lateral",
    "De profil", "Latero-laterale", "TRANSLATERAL", "LLAT", "L-LAT", "LeftLateral", "Lat", "DLD", "DLI", "DLE", "OAD",
    "Obl\u00edqua", "Schr\u00e4gaufnahme", "seitlicher Strahlengang", "seitl.", "CROSS-TABLE", "X-TABLE", "HBL",
    "Shoot-through",
    "PA+LAT", "AP Y LATERAL", "APICOLORDOTICA", "dorsal decubitus", "Dekubitus", "RLO",
    "LLO", "LDEC", "\u53f3\u524d\u659c", "\u4fa7\u4f4d", "LL2", "Seitenl.",
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "meaning"),
    [*((w, MATCHING) for w in CHEST), *((w, CONTRARY) for w in NOT_CHEST), ("XYZZY", UNKNOWN), ("", UNKNOWN)],
)
def test_words_of_the_body_part(words: str, meaning: Meaning) -> None:
    stated = body_part_of(AcquisitionFacts(body_part=words))
    assert (stated.text, stated.meaning) == (words, meaning)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [*((w, MATCHING) for w in FRONTAL), *((w, CONTRARY) for w in NOT_FRONTAL), ("VIEW 1", UNKNOWN)],
)
def test_words_of_the_view(words: str, meaning: Meaning) -> None:
    assert view_of(AcquisitionFacts(view_position=words)).meaning is meaning


@pytest.mark.parametrize("term", OTHER_REGIONS)
def test_defined_terms_of_other_regions(term: str) -> None:
    assert body_part_of(AcquisitionFacts(body_part=term)).meaning is CONTRARY


def test_of_the_standards_own_words_only_those_of_the_chest_and_of_frontal_views_match() -> None:
    """Common anatomic regions and views of PS3.16 (CID 4031 and 4010), as a device may write them without a code."""
    regions, views = (cid_concepts[cid]["SCT"] for cid in (4031, 4010))
    matching = {
        region
        for region in regions
        if body_part_of(AcquisitionFacts(body_part=spaced(region))).meaning is MATCHING
    }
    assert matching == {"Chest", "ApexOfLung"}
    matching = {
        view for view in views if view_of(AcquisitionFacts(view_position=spaced(view))).meaning is MATCHING
    }
    assert matching == {"Frontal", "AnteroPosterior", "PosteroAnterior"}


def spaced(words: str) -> str:
    """Put a space before each capital letter: "NeckAndChest" as "Neck And Chest"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)


@given(chest=st.sampled_from(CHEST), other=st.sampled_from(NOT_CHEST), before=st.booleans())
def test_one_contrary_word_wins_in_the_body_part(chest: str, other: str, before: bool) -> None:
    words = f"{other} {chest}" if before else f"{chest} {other}"
    assert body_part_of(AcquisitionFacts(body_part=words)).meaning is CONTRARY


@given(frontal=st.sampled_from(FRONTAL), other=st.sampled_from(NOT_FRONTAL), before=st.booleans())
def test_one_contrary_word_wins_in_the_view(frontal: str, other: str, before: bool) -> None:
    words = f"{other}, {frontal}" if before else f"{frontal}, {other}"
    assert view_of(AcquisitionFacts(view_position=words)).meaning is CONTRARY


def codes(*values: tuple[str, str, str]) -> Sequence[CodedConcept]:
    return tuple(CodedConcept(*value) for value in values)


@pytest.mark.parametrize(
    ("coded", "meaning"),
    [
        ([("51185008", "SCT", "")], MATCHING),
        ([("816094009", "SCT", "Whatever it is called")], MATCHING),
        ([("T-D3000", "SRT", "Bru\u0161ni ko\u0161")], MATCHING),
        ([("T-D3000", "SNM3", "")], MATCHING),
        ([("416550000", "SCT", "Chest and Abdomen")], CONTRARY),
        ([("R-FAB55", "SRT", "")], CONTRARY),
        ([("85562004", "SCT", "")], CONTRARY),
        ([("T-D8700", "SRT", "Mano")], CONTRARY),
        ([("RID1243", "RADLEX", "Brustraum")], MATCHING),
        ([("rid1301", "RadLex", "")], MATCHING),
        ([("RID56", "RADLEX", "")], CONTRARY),
        ([("RID39518", "2.16.840.1.113883.6.256", "Whatever it is called")], CONTRARY),
        ([("RID1243", "99SITE", "")], UNKNOWN),
        ([("RID1243", "RADLEX", "thorax"), ("RID56", "RADLEX", "abdomen")], CONTRARY),
        ([("51185008", "SCT", "Chest"), ("RID9080", "RADLEX", "")], CONTRARY),
        ([("X1", "99SITE", "T\u00f3rax")], MATCHING),
        ([("X1", "99SITE", "Rodilla")], CONTRARY),
        ([("X1", "99SITE", "Sala 3")], UNKNOWN),
        ([("51185008", "SCT", "Chest"), ("85562004", "SCT", "Hand")], CONTRARY),
    ],
)
def test_codes_of_the_region(coded: list[tuple[str, str, str]], meaning: Meaning) -> None:
    assert body_part_of(AcquisitionFacts(body_part_codes=tuple(codes(*coded)))).meaning is meaning


@pytest.mark.parametrize(
    ("coded", "meaning"),
    [
        ([("399348003", "SCT", "")], MATCHING),
        ([("272479007", "SCT", "postero-anterior")], MATCHING),
        ([("R-10206", "SRT", "frente")], MATCHING),
        ([("R-40888", "SRT", "")], MATCHING),
        ([("399067008", "SCT", "")], CONTRARY),
        ([("R-102CD", "SRT", "seite")], CONTRARY),
        ([("399135007", "SCT", "")], CONTRARY),
        ([("RID28784", "RADLEX", "")], MATCHING),
        ([("RID10523", "RADLEX", "")], CONTRARY),
        ([("RID1", "RADLEX", "posteroanterior projection")], MATCHING),
        ([("V9", "99SITE", "AP lordotic")], CONTRARY),
        ([("V9", "99SITE", "PA")], MATCHING),
        ([("399348003", "SCT", "antero-posterior"), ("111069", "DCM", "Crosstable")], CONTRARY),
    ],
)
def test_codes_of_the_view(coded: list[tuple[str, str, str]], meaning: Meaning) -> None:
    assert view_of(AcquisitionFacts(view_codes=tuple(codes(*coded)))).meaning is meaning


def test_codes_and_words_are_held_together() -> None:
    frontal = tuple(codes(("399348003", "SCT", "antero-posterior")))
    assert view_of(AcquisitionFacts(view_position="LL", view_codes=frontal)).meaning is CONTRARY
    assert view_of(AcquisitionFacts(view_position="VIEW 7", view_codes=frontal)).meaning is MATCHING
    assert view_of(AcquisitionFacts(view_position="PA", patient_orientation=("A", "F"))).meaning is CONTRARY
    assert view_of(AcquisitionFacts(body_part="THORAX LAT")).text == "THORAX LAT"


def test_what_is_not_understood_is_named() -> None:
    facts = AcquisitionFacts(body_part="Sala 3", view_position="VIEW 7")
    assert list(unread_values(facts)) == [("Body Part Examined", "Sala 3"), ("View Position", "VIEW 7")]
    assert not list(unread_values(AcquisitionFacts(body_part="CHEST", view_position="PA")))
    assert not list(unread_values(AcquisitionFacts()))
