"""The subject of a certificate, from what a PID says."""

import pytest
from asn1crypto import x509

from sam.subjects import UnfitNameError, common_name, subject_of

CLAIMS = {"given_name": "Erika", "family_name": "Mustermann", "issuing_country": "DE"}
PAN = "personal_administrative_number"


def made(
    changed: dict[str, object], kind: str = PAN, identifier: str = "TEST-1"
) -> bytes:
    return subject_of(
        {**CLAIMS, **changed}, identifier_kind=kind, identifier=identifier
    )


def test_the_subject_has_five_attributes_in_order() -> None:
    name = x509.Name.load(made({}))

    (kinds, values) = zip(
        *((rdn[0]["type"].native, rdn[0]["value"].native) for rdn in name.chosen),
        strict=True,
    )
    assert kinds == (
        "country_name",
        "surname",
        "given_name",
        "serial_number",
        "common_name",
    )
    assert values == (
        "DE",
        "Mustermann",
        "Erika",
        "PNODE-TEST-1",
        "TEST Erika Mustermann",
    )


def test_a_document_number_has_its_own_semantics_prefix() -> None:
    name = x509.Name.load(made({}, kind="document_number"))

    assert name.native["serial_number"] == "IDCDE-TEST-1"


def test_the_common_name_is_readable_again() -> None:
    subject = made({"given_name": "  A\u030asa ", "family_name": "Öz"})

    assert common_name(subject) == "TEST Åsa Öz"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"given_name": ""}, id="no-given-name"),
        pytest.param({"given_name": " \u00a0"}, id="blank-given-name"),
        pytest.param({"family_name": "M\x00"}, id="null-byte"),
        pytest.param({"family_name": "M\u202e"}, id="bidi"),
        pytest.param({"family_name": "M\nX"}, id="newline"),
        pytest.param({"family_name": "M\ud800"}, id="surrogate"),
        pytest.param({"given_name": "E" * 49}, id="too-long"),
        pytest.param({"given_name": 7}, id="number"),
        pytest.param({"given_name": ["Erika"]}, id="list"),
        pytest.param({"given_name": None}, id="null"),
        pytest.param({"issuing_country": "de"}, id="small-country"),
        pytest.param({"issuing_country": "DEU"}, id="alpha-3"),
        pytest.param({"issuing_country": "ДЕ"}, id="cyrillic-country"),
    ],
)
def test_a_name_that_fits_no_certificate_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(UnfitNameError):
        made(changed)


def test_a_name_as_long_as_allowed_is_kept_whole() -> None:
    given = "E" * (64 - len("TEST  Mustermann"))

    assert common_name(made({"given_name": given})) == f"TEST {given} Mustermann"


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param("1" * 59, id="too-long"),
        pytest.param("Å1", id="not-printable-string"),
        pytest.param("1\x00", id="null-byte"),
        pytest.param("1*", id="asterisk"),
        pytest.param("1\n", id="newline"),
    ],
)
def test_an_identifier_that_fits_no_serial_number_is_refused(identifier: str) -> None:
    with pytest.raises(UnfitNameError):
        made({}, identifier=identifier)


def test_an_identifier_as_long_as_allowed_is_kept_whole() -> None:
    name = x509.Name.load(made({}, identifier="1" * 58))

    assert len(name.native["serial_number"]) == 64
