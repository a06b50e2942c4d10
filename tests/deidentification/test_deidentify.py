import warnings
from datetime import date, datetime

import pytest
from pydicom import Dataset
from pydicom.uid import UID
from tests.support.films_of_patients import KEY, OTHER_KEY, code, patients_film, pixels_of

from neumo.deidentification.deidentify import deidentify
from neumo.deidentification.leftovers import words_left


def day(value: str) -> date:
    return datetime.strptime(value, "%Y%m%d").date()


def test_only_listed_attributes_stay_at_every_depth() -> None:
    kept = deidentify(patients_film(), KEY)
    assert not any(element.tag.is_private for element in kept.iterall())
    assert "OtherPatientIDsSequence" not in kept and "RequestAttributesSequence" not in kept
    assert "InstitutionName" not in kept and "ImageComments" not in kept
    assert [element.keyword for element in kept.ViewCodeSequence[0]] == [
        "CodeValue",
        "CodingSchemeDesignator",
        "CodeMeaning",
    ]
    source = kept.SourceImageSequence[0]
    assert "ReferringPhysicianName" not in source
    assert source.ReferencedSOPClassUID == UID("1.2.840.10008.5.1.4.1.1.1")
    assert source.ReferencedSOPInstanceUID != "1.2.3.99.4711.1"
    assert [element.keyword for element in kept.file_meta] == [
        "MediaStorageSOPClassUID",
        "MediaStorageSOPInstanceUID",
        "TransferSyntaxUID",
    ]


def test_pixels_and_what_reading_makes_use_of_stay() -> None:
    film = patients_film()
    kept = deidentify(film, KEY)
    assert (pixels_of(kept) == pixels_of(film)).all()
    assert (kept.BodyPartExamined, kept.ViewPosition, kept.Modality, kept.PatientSex) == (
        "CHEST",
        "AP",
        "CR",
        "F",
    )
    assert kept.SOPClassUID == film.SOPClassUID


def test_it_states_what_was_done() -> None:
    kept = deidentify(patients_film(), KEY)
    assert kept.PatientIdentityRemoved == "YES" and kept.LongitudinalTemporalInformationModified == "MODIFIED"
    assert kept.SpecificCharacterSet == "ISO_IR 192"
    assert "neumo" in kept.DeidentificationMethod[1]
    assert [
        (item.CodeValue, item.CodingSchemeDesignator) for item in kept.DeidentificationMethodCodeSequence
    ] == [
        ("113100", "DCM"),
        ("113107", "DCM"),
        ("113108", "DCM"),
    ]


def test_burned_in_text_is_no_removed_identity() -> None:
    kept = deidentify(patients_film(), KEY, burned_in=True)
    assert (kept.PatientIdentityRemoved, kept.BurnedInAnnotation) == ("NO", "YES")


def test_the_given_data_set_is_left_as_it_is() -> None:
    film = patients_film()
    before = film.to_json()
    deidentify(film, KEY)
    assert film.to_json() == before


def test_one_patient_stays_one_however_the_name_is_spelt() -> None:
    first = deidentify(patients_film(), KEY)
    other_spelling = deidentify(patients_film(PatientName="Mueller^Aenne", StudyDate="20240302"), KEY)
    assert first.PatientID == other_spelling.PatientID == first.PatientName == other_spelling.PatientName
    moved = day(other_spelling.StudyDate) - day(first.StudyDate)
    assert moved == day("20240302") - day("20240102")


def test_patients_and_keys_are_told_apart() -> None:
    one = deidentify(patients_film(), KEY)
    two = deidentify(patients_film(PatientID="4711-Y"), KEY)
    elsewhere = deidentify(patients_film(), OTHER_KEY)
    assert len({one.PatientID, two.PatientID, elsewhere.PatientID}) == 3
    assert len({day(film.StudyDate) for film in (one, two, elsewhere)}) == 3


def test_objects_keep_their_study_and_series() -> None:
    first = patients_film()
    second = patients_film()
    second.StudyInstanceUID, second.SeriesInstanceUID = first.StudyInstanceUID, first.SeriesInstanceUID
    one, two, again = deidentify(first, KEY), deidentify(second, KEY), deidentify(first, KEY)
    assert one.StudyInstanceUID == two.StudyInstanceUID != first.StudyInstanceUID
    assert one.SeriesInstanceUID == two.SeriesInstanceUID
    assert one.SOPInstanceUID == again.SOPInstanceUID != two.SOPInstanceUID
    assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID


@pytest.mark.parametrize("number", range(5))
def test_dates_go_back_by_two_months_to_two_years(number: int) -> None:
    kept = deidentify(patients_film(PatientID=f"P{number}"), KEY)
    assert 61 <= (day("20240102") - day(kept.StudyDate)).days <= 731
    # Date and time move together, so that the order of events stays.
    studied = datetime.strptime(kept.StudyDate + kept.StudyTime[:6], "%Y%m%d%H%M%S")
    acquired = datetime.strptime(kept.AcquisitionDate + kept.AcquisitionTime[:6], "%Y%m%d%H%M%S")
    assert (acquired - studied).total_seconds() == 12.25 * 3600


def test_a_time_without_its_date_goes() -> None:
    assert "AcquisitionTime" not in deidentify(patients_film(AcquisitionDate=None), KEY)


@pytest.mark.parametrize(
    ("birth", "age", "stated"),
    [
        ("19500312", None, "073Y"),
        ("20230702", None, "006M"),
        ("19200101", None, "090Y"),
        ("", "093Y", "090Y"),
        ("", "004Y", "004Y"),
        ("", "Müller", None),
    ],
)
def test_the_age_is_stated_in_place_of_the_date_of_birth(
    birth: str, age: str | None, stated: str | None
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an age that is none
        film = patients_film(PatientBirthDate=birth, PatientAge=age)
    kept = deidentify(film, KEY)
    assert kept.get("PatientAge") == stated
    assert kept.PatientBirthDate == ""


def test_identifiers_that_are_not_there_are_not_invented() -> None:
    kept = deidentify(patients_film(PatientID="", AccessionNumber=""), KEY)
    assert kept.PatientID == kept.PatientName == kept.AccessionNumber == ""


def test_a_value_not_of_its_form_goes() -> None:
    with pytest.warns(UserWarning, match="Invalid value for VR CS"):
        film = patients_film(BodyPartExamined="Frau Mueller")
    kept = deidentify(film, KEY)
    assert "BodyPartExamined" not in kept


def test_words_of_the_patients_in_what_stays_are_counted() -> None:
    film = patients_film(ViewCodeSequence=[code("1", "view of Änne Müller")])
    assert words_left(film, deidentify(film, KEY)) == 2
    assert words_left(patients_film(), deidentify(patients_film(), KEY)) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"PatientName": "Patient^Test"},
        {"InstitutionName": "Chest Clinic"},
        {"StudyDate": "19500420"},
        {"StationName": "ACME-01"},
        {"InstitutionName": "ACME Works"},
    ],
)
def test_words_of_every_film_are_no_ones_name(changes: dict[str, str]) -> None:
    film = patients_film(**changes)
    assert words_left(film, deidentify(film, KEY)) == 0


@pytest.mark.parametrize(
    "model",
    ["ACME-MÜLLER", "acme_müller_1", "XMüllerX", "山田様", "4711-X-RAY", "Änne's", "at Beispiel-Hospital 2"],
)
def test_words_within_others_are_found(model: str) -> None:
    film = patients_film(Manufacturer=model)
    assert words_left(film, deidentify(film, KEY)) > 0


def test_a_dx_object_keeps_what_it_must_have() -> None:
    kept: Dataset = deidentify(patients_film(PresentationIntentType="FOR PRESENTATION"), KEY)
    assert len(kept.AcquisitionContextSequence) == 0 and "AcquisitionContextSequence" in kept
