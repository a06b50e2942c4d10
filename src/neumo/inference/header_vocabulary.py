"""Vocabulary of body part and view in headers: codes and words for and against a frontal radiograph of the chest."""

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Vocabulary:
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
    contrary_terms : frozenset of str
        Defined terms of the standard, in capitals, which speak against where they are the whole value.
    """

    matching_codes: frozenset[str]
    contrary_codes: frozenset[str]
    others_contrary: frozenset[str]
    matching: frozenset[str] = field(default_factory=frozenset)
    contrary: frozenset[str] = field(default_factory=frozenset)
    matching_parts: tuple[str, ...] = ()
    contrary_parts: tuple[str, ...] = ()
    contrary_terms: frozenset[str] = field(default_factory=frozenset)


SNOMED: Final = frozenset({"SCT", "SRT", "SNM3", "99SDM", "SNOMED", "SNOMED-CT", "2.16.840.1.113883.6.96"})
RADLEX: Final = frozenset({"RADLEX", "2.16.840.1.113883.6.256"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BODY_PARTS: Final = Vocabulary(
    # Chest, thoracic cavity and structure, lungs (PS3.16 CID 4031 and before 2020; RadLex)
    matching_codes=_words(
        "51185008 816094009 302551006 302550007 43799004 78904004 39607008 181216001 T-D3000 T-D3050 T-D3200 T-28000 "
        "RID1243 RID1301 RID1302 RID1326"
    ),
    contrary_codes=_words(
        "416550000 416152001 416319003 416775004 417437006 R-FAB52 R-FAB53 R-FAB54 R-FAB55 R-FAB56 113197003 T-11300 "
        "56873002 T-11210 122495006 T-11502 706342009 R-FE0C7 38266002 T-D0010 RID56 RID2507 RID9080 RID39518 "
        "RID39569"
    ),
    others_contrary=SNOMED | RADLEX,
    matching=_words(
        "cxr chx chst thx tx pecho pettorale peito borst brust bryst brost dada nguc gogus plice pluca pljuca piept "
        "paru"
    ),
    matching_parts=(
        "chest", "thora", "torax", "torac", "toraks", "lung", "pulm", "poumon", "polmon", "poitrine", "brustkorb",
        "borstkas", "brostkorg", "brystkas", "grudn", "grudi", "prsni kos", "rindkere", "krutin", "гърд", "keuhko",
        "rintakeha", "mellkas", "akciger", "hrudn", "klatk", "piersiow", "груд", "легк", "торак",
        "θωρακ", "胸", "肺", "흉부", "가슴", "صدر", "سينه", "سینه", "ریه", "חזה", "ทรวงอก",
    ),
    contrary=_words(
        "head skull hand mano main wrist finger dedo foot feet pie pied piede fuss ankle knee knie hip leg arm elbow "
        "codo coude neck cuello hals cou rib ribs rippe rippen cotes costole teeth tooth bws hws lws shoulder pierna "
        "brazo hombro tete kopf cabeza testa cabeca bauch buik ventre vientre becken humerus femur tibia fibula "
        "radius ulna heel thumb toe toes thigh calf jaw kub sinus sinuses nose orbit babygram wholebody phantom hufte "
        "hanche anca cadera epaule spalla ombro genou ginocchio joelho rodilla gomito cotovelo polso caviglia mao "
        "maos tornozelo punho quadril pescoco perna braco coxa muslo diente dente denti carpo carpus cavum hande "
        "fusse zehe zehen daumen bein kiefer zahn zahne knochel cheville poignet jambe bras cuisse bassin doigt "
        "orteil machoire dent bacino gamba braccio coscia dito dita collo mani piedi paranasal adenoid airway "
        "esophagus omoplata bacia cuerpo corps corpo mama mamas seios sella silla atm tmj isg osg asp urograf barium "
        "swallow stomach magen inlet bony limb miembro membro membre pes qc patella rotula kneecap lowerleg upperarm "
        "zygoma zygomatic facial panoramic opg ceph leglength longleg boneage skeletal scoliosis costela costelas "
        "costilla costillas brustbein"
    ),
    contrary_parts=(
        "abd", "addom", "pelv", "spin", "column", "colonn", "coluna", "wirbel", " rib", "rippen", " costa",
        "gril cost", "hemithora", "hemitora", "knocher", " knie", "huft", "oberarm", "unterarm", "ellbogen",
        "humer", "calcan", "mastoid", "orbit", " nasal", "becken", "rachis", "vertebr", "lumb", "lomb", "cervic",
        "sacr", "coccy", "coxis", "coccige", "skull", "cran", "schadel", "schaedel", "extrem", "clavic",
        "schlussel", "scapul", "mandib", "maxill", "dental", " stern", "esternon", "esterno", "mamm", "breast",
        "mastograf", "muneca", "tobillo", "antebra", "forearm", "shoulder", "schulter", "ellenbogen", "handgelenk",
        "unterschenkel", "oberschenkel", "larynx", "kidney", "carpal", "paranas", "nasenneben", "esofag", "oesoph",
        "speiser", "bone age", "edad osea", "sprunggelenk", "avambra", "avant bras", "whole body", "ganzkorper",
        "живот", "брюш", "позвон", "таз", "腹", "脊", "骨盆", "복부", "척추", "بطن",
    ),
    # Body Part Examined of PS3.16 table L-1, but for CHEST and LUNG. Among other words some go with a chest radiograph.
    contrary_terms=_words(
        "ABDOMEN ABDOMENPELVIS ACJOINT ADRENAL ANKLE ANTECUBITALV ANUS AORTA ARM ASCAORTA AXILLA BACK BILEDUCT "
        "BILIARYTRACT BLADDER BRACHIAL BRAIN BREAST BRONCHUS BUTTOCK CALCANEUS CALF CAROTID CEREBELLUM CERVIX CHEEK "
        "CHESTABDOMEN CHESTABDPELVIS CIRCLEOFWILLIS CLAVICLE COCCYX COLON COMMONBILEDUCT CORNEA CORONARYARTERY CSPINE "
        "CTSPINE DUODENUM EAR ELBOW EPIGASTRIC ESOPHAGUS EXTREMITY EYE EYELID FACE FEMUR FIBULA FINGER FLANK FOOT "
        "FOREARM GALLBLADDER GLUTEAL HAND HEAD HEADNECK HEART HIP HUMERUS HYPOGASTRIC HYPOPHARYNX IAC ILEUM ILIUM "
        "INGUINAL JAW JEJUNUM JOINT KIDNEY KNEE LARGEINTESTINE LARYNX LEG LIVER LLQ LOWERLEG LOWERLIMB LSPINE LSSPINE "
        "LUMBAR LUQ MANDIBLE MASTOID MAXILLA MEDIASTINUM MOUTH NASOPHARYNX NECK NECKCHEST NECKCHESTABDOMEN "
        "NECKCHESTABDPELV NOSE OPTICCANAL ORBIT OVARY PANCBILEDUCT PANCREAS PANCREATICDUCT PAROTID PATELLA PELVIS "
        "PELVISLOWEXTREMT PENIS PERINEUM PHANTOM PHARYNX PHARYNXLARYNX PLACENTA PROSTATE RADIUS RADIUSULNA RECTUM "
        "RETROPERITONEUM RIB RLQ RUQ SCALP SCAPULA SCJOINT SCLERA SCROTUM SELLA SESAMOID SHOULDER SIJOINT SINUS SKULL "
        "SMALLINTESTINE SPINE SPLEEN SSPINE STERNUM STOMACH SUBMANDIBULAR TARSUS TESTIS THIGH THUMB THYMUS THYROID "
        "TIBIA TIBIAFIBULA TLSPINE TMJ TOE TONGUE TRACHEA TSPINE ULNA UMBILICAL UPPERARM UPPERLIMB UPRURINARYTRACT "
        "URETER URETHRA UTERUS VAGINA VULVA WHOLEBODY WRIST ZYGOMA"
    ),
)  # fmt: skip

VIEWS: Final = Vocabulary(
    # Frontal, antero-posterior, postero-anterior (PS3.16 CID 4010; RadLex)
    matching_codes=_words("399033003 399348003 272479007 R-10202 R-10206 R-10214 R-40888 RID28784"),
    contrary_codes=_words(
        "399067008 R-102CD 399173006 R-10236 399198007 R-10232 399260004 R-10224 399352003 R-10228 30730003 G-A145 "
        "399182000 R-102C1 399160007 R-10204 399004004 R-10246 399061009 R-10241 399110001 R-102C2 111069 RID10523"
    ),
    others_contrary=SNOMED,
    matching=_words("ap pa appa front face frente antero postero anterior posterior dv vd"),
    matching_parts=(
        "frontal", "anteropost", "posteroant", "ventrodors", "dorsoventr", "ventro dors", "dorso ventr", "передн",
        "прям", "正面", "正位", "前後", "後前", "前后", "后前", "정면", "전후", "후전", "امامي",
    ),
    contrary=_words(
        "lat ll rl rlo llo llat rlat ltlat rtlat latl latr aplat palat apll pall lld rld dld dli dle lldec rldec lao "
        "rao lpo rpo oad oai opd opi oda oia odp oip obl xtable xtl hbl ml lm cc mlo swimmer swimmers profil perfil "
        "profilo seite seitenlage bok boczne boczna bocni zijdelings dwars sivu oldal yan tang fleischner stryker ctl "
        "ldec rdec xtab yandan sidovy"
    ),
    contrary_parts=(
        "later", "obli", "decub", "dekub", "lordo", "lordat", "axial", "tangen", "sagit", "crosstable",
        "cross table", "x table", " seitl", "shoot through", "side view", "sidobild", "apical", "apikal", "apico",
        "schrag", "schraeg", "schief", "profile", "lindblom", "боков", "側", "侧", "斜", "측면", "측와", "جانب",
        "seitenl",
    ),
)  # fmt: skip
