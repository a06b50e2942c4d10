"""What a header's body part and view mean: by code first, then by words of any spelling, language and case.

One contrary code or word wins over any number of matching ones: "AP LLD" is no frontal view, and the chest with the
abdomen is not the chest. What is neither known nor contrary is not taken for either.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from neumo.core.radiograph import AcquisitionFacts, CodedConcept


class Meaning(StrEnum):
    """Whether a value says that an image is what neumo reads."""

    MATCHING = "matching"
    CONTRARY = "contrary"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class _Vocabulary:
    """Codes and words for and against; "SRT" codes are those of SNOMED RT, the legacy form of SNOMED CT's.

    Attributes
    ----------
    matching_codes, contrary_codes : frozenset of str
        Of SNOMED CT, SNOMED RT or RadLex.
    others_contrary : frozenset of str
        Coding schemes of which another code, whose words are not known, speaks against.
    matching, contrary : frozenset of str
        Whole words, in lower case and without accents.
    matching_parts, contrary_parts : tuple of str
        Parts of words; a space before one is a word's beginning.
    """

    matching_codes: frozenset[str]
    contrary_codes: frozenset[str]
    others_contrary: frozenset[str]
    matching: frozenset[str] = field(default_factory=frozenset)
    contrary: frozenset[str] = field(default_factory=frozenset)
    matching_parts: tuple[str, ...] = ()
    contrary_parts: tuple[str, ...] = ()


_SNOMED: Final = frozenset({"SCT", "SRT", "SNM3", "99SDM", "SNOMED", "SNOMED-CT", "2.16.840.1.113883.6.96"})
_RADLEX: Final = frozenset({"RADLEX", "2.16.840.1.113883.6.256"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BODY: Final = _Vocabulary(
    # Chest, thoracic cavity and structure, lungs (PS3.16 CID 4031 and before 2020; RadLex)
    matching_codes=_words(
        "51185008 816094009 302551006 302550007 43799004 78904004 39607008 181216001 T-D3000 T-D3050 T-D3200 T-28000 "
        "RID1243 RID1301 RID1302 RID1326"
    ),
    contrary_codes=_words(
        "416550000 416152001 416319003 416775004 417437006 R-FAB52 R-FAB53 R-FAB54 R-FAB55 R-FAB56 "
        "113197003 T-11300 56873002 T-11210 122495006 T-11502 706342009 R-FE0C7 38266002 T-D0010 "
        "RID56 RID2507 RID9080 RID39518 RID39569"
    ),
    others_contrary=_SNOMED | _RADLEX,
    matching=_words("cxr chx chst pecho pettorale peito borst brust bryst brost dada nguc gogus plice pluca"),
    matching_parts=(
        "chest", "thora", "torax", "torac", "toraks", "lung", "pulm", "poumon", "polmon", "poitrine", "brustkorb",
        "borstkas",
        "keuhko", "rintakeha", "mellkas", "akciger", "hrudn", "klatk", "piersiow", "грудн", "грудь", "легк", "торак",
        "θωρακ", "胸", "肺", "흉부", "가슴", "صدر", "חזה",
    ),
    contrary=_words(
        "head skull hand mano main wrist finger dedo foot feet pie pied piede fuss ankle knee knie hip leg arm elbow "
        "codo coude neck cuello hals cou rib ribs rippe rippen cotes costole teeth tooth bws hws lws shoulder pierna "
        "brazo hombro tete kopf cabeza testa cabeca bauch buik ventre vientre becken humerus femur tibia fibula radius "
        "ulna heel thumb toe toes thigh calf jaw kub sinus sinuses nose orbit babygram wholebody phantom "
        "hufte hanche anca cadera epaule spalla ombro genou ginocchio joelho rodilla gomito cotovelo polso caviglia "
        "mao maos tornozelo punho quadril pescoco perna braco coxa muslo diente dente denti carpo carpus cavum "
        "hande fusse zehe zehen daumen bein kiefer zahn zahne knochel cheville poignet jambe bras cuisse bassin doigt "
        "orteil machoire dent bacino gamba braccio coscia dito dita collo mani piedi paranasal adenoid airway "
        "esophagus omoplata bacia cuerpo corps corpo mama mamas seios sella silla atm tmj isg osg asp urograf "
        "barium swallow stomach magen inlet bony limb miembro membro membre pes qc"
    ),
    contrary_parts=(
        "abd", "addom", "pelv", "spin", "column", "colonn", "coluna", "wirbel", " rib", "rippen", " costa", "gril cost",
        "hemithora", "hemitora", "knocher", " knie", "huft", "oberarm", "unterarm", "ellbogen", "humer", "calcan",
        "mastoid", "orbit", " nasal", "becken", "rachis", "vertebr", "lumb", "lomb",
        "cervic",
        "sacr", "coccy", "coxis", "coccige", "skull", "cran", "schadel", "schaedel", "extrem", "clavic", "schlussel",
        "scapul", "mandib",
        "maxill", "dental", " stern", "esternon", "esterno", "mamm", "breast", "mastograf", "muneca", "tobillo",
        "antebra",
        "forearm", "shoulder", "schulter", "ellenbogen", "handgelenk", "unterschenkel", "oberschenkel", "larynx",
        "kidney", "carpal", "paranas", "nasenneben", "esofag", "oesoph", "speiser", "bone age", "edad osea",
        "sprunggelenk", "avambra", "avant bras", "whole body", "ganzkorper", "живот", "брюш", "позвон", "таз", "腹",
        "脊", "骨盆", "복부", "척추",
        "بطن",
    ),
)  # fmt: skip

_VIEW: Final = _Vocabulary(
    # Frontal, antero-posterior, postero-anterior (PS3.16 CID 4010; RadLex)
    matching_codes=_words("399033003 399348003 272479007 R-10202 R-10206 R-10214 R-40888 RID28784"),
    contrary_codes=_words(
        "399067008 R-102CD 399173006 R-10236 399198007 R-10232 399260004 R-10224 399352003 R-10228 30730003 G-A145 "
        "399182000 R-102C1 399160007 R-10204 399004004 R-10246 399061009 R-10241 399110001 R-102C2 111069 RID10523"
    ),
    others_contrary=_SNOMED,
    matching=_words(
        "ap pa front face frente antero postero anterior posterior dv vd 正面 前後 後前 정면"
    ),
    matching_parts=("frontal", "anteropost", "posteroant", "ventrodors", "dorsoventr", "передн", "прям"),
    contrary=_words(
        "lat ll rl llat rlat ltlat rtlat latl latr aplat palat apll pall lld rld dld dli dle lldec rldec lao rao lpo "
        "rpo oad oai opd opi obl xtable xtl hbl ml lm cc mlo swimmer swimmers profil perfil profilo "
        "seite seitenlage bok boczne boczna bocni zijdelings dwars sivu oldal yan tang fleischner"
    ),
    contrary_parts=(
        "later", "obli", "decub", "dekub", "lordo", "lordat", "axial", "tangen", "sagit", "crosstable", "cross table",
        "x table", " seitl", "shoot through", "side view", "sidobild", "apical", "apikal", "apico", "schrag", "schraeg",
        "schief", "profile", "lindblom", "боков", "側", "측면", "جانب",
    ),
)  # fmt: skip

_SEPARATORS: Final = re.compile(r"[\W_]+")
_LETTERS_APART: Final = re.compile(r"(?<=\b[a-z])[ ./-](?=[a-z]\b)")
"""As in "p.a." and "A-P"."""
_LYING: Final = re.compile(r"\bdecubit[a-z]* (?:supin|pron|dorsal|ventral)[a-z]*")
"""Lying on back or belly in Romance languages, where the ray may well be vertical; "lateral" is named beside it."""
_SIDES: Final = re.compile(r"\b(?:bi|uni|ipsi|contra)later[a-z]*")
"""Of one or both lungs, which says nothing of the view."""


@dataclass(frozen=True)
class Stated:
    """What a header states, in its own words.

    Attributes
    ----------
    text : str
        Empty where it states nothing.
    meaning : Meaning
    """

    text: str
    meaning: Meaning


def body_part_of(facts: AcquisitionFacts) -> Stated:
    """Return what the header says of the region: Body Part Examined and Anatomic Region Sequence."""
    return _stated(facts.body_part, facts.body_part_codes, _BODY)


def view_of(facts: AcquisitionFacts) -> Stated:
    """Return what View Position, View Code Sequence, Patient Orientation or the body part say of the view."""
    stated = _stated(facts.view_position, facts.view_codes, _VIEW)
    if stated.meaning is Meaning.CONTRARY:
        return stated
    # In a lateral view the rows run from front to back or back to front (DICOM PS3.3 section C.7.6.1.1.1).
    if facts.patient_orientation and facts.patient_orientation[0][:1] in {"A", "P"}:
        return Stated(
            "lateral (patient orientation " + "\\".join(facts.patient_orientation) + ")", Meaning.CONTRARY
        )
    elsewhere = facts.body_part or ""
    return Stated(elsewhere, Meaning.CONTRARY) if _of_words(elsewhere, _VIEW) is Meaning.CONTRARY else stated


def _stated(text: str | None, codes: Iterable[CodedConcept], known: _Vocabulary) -> Stated:
    meanings = [(_shown(code), _of_code(code, known)) for code in codes]
    if text and text.strip():
        meanings.append((text.strip(), _of_words(text, known)))
    for wanted in (Meaning.CONTRARY, Meaning.MATCHING, Meaning.UNKNOWN):
        for shown, meaning in meanings:
            if meaning is wanted:
                return Stated(shown, meaning)
    return Stated("", Meaning.UNKNOWN)


def _shown(code: CodedConcept) -> str:
    return code.meaning or f"{code.value} ({code.scheme})"


def _of_code(code: CodedConcept, known: _Vocabulary) -> Meaning:
    scheme, words = code.scheme.upper(), _of_words(code.meaning, known)
    value = code.value.upper() if scheme in _SNOMED | _RADLEX else ""
    if value in known.contrary_codes or words is Meaning.CONTRARY:
        return Meaning.CONTRARY
    if value in known.matching_codes or words is Meaning.MATCHING:
        return Meaning.MATCHING
    return Meaning.CONTRARY if scheme in known.others_contrary else Meaning.UNKNOWN


def _of_words(text: str, known: _Vocabulary) -> Meaning:
    if not text:
        return Meaning.UNKNOWN
    plain = f" {_SIDES.sub('', _LYING.sub('', _plain(text)))}"
    words = frozenset(plain.split())
    singular = frozenset(word.removesuffix("s") for word in words)
    if (words | singular) & known.contrary or any(part in plain for part in known.contrary_parts):
        return Meaning.CONTRARY
    if words & known.matching or any(part in plain for part in known.matching_parts):
        return Meaning.MATCHING
    return Meaning.UNKNOWN


def _plain(text: str) -> str:
    """Return lower-case words without accents, one space between them; letters that stand apart are joined."""
    folded = "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )
    joined = _LETTERS_APART.sub("", unicodedata.normalize("NFC", folded).casefold())
    return " ".join(_SEPARATORS.split(joined)).strip()


def unread_values(facts: AcquisitionFacts) -> Iterator[tuple[str, str]]:
    """Yield element and value of what the header states and nobody here understands."""
    for element, stated in (("Body Part Examined", body_part_of(facts)), ("View Position", view_of(facts))):
        if stated.text and stated.meaning is Meaning.UNKNOWN:
            yield element, stated.text
