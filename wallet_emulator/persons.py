"""The people of the test PID provider. None of them exists.

They differ in what a relying party can tell them apart by: most have a personal
administrative number, one only a document number, one no unique identifier at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from wallet_emulator.mdoc.cbor import full_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """PID data of one fictional person; dates are ``YYYY-MM-DD``."""

    family_name: str
    given_name: str
    birthdate: str
    place_of_birth: Mapping[str, str]
    nationality: str
    issuing_country: str
    personal_administrative_number: str | None = None
    document_number: str | None = None

    def claims(self) -> dict[str, object]:
        """The personal claims under their SD-JWT VC names (PID Rulebook ch. 4)."""
        return {
            "family_name": self.family_name,
            "given_name": self.given_name,
            "birthdate": self.birthdate,
            "place_of_birth": dict(self.place_of_birth),
            "nationalities": [self.nationality],
            "issuing_country": self.issuing_country,
            **self._identifiers(),
        }

    def elements(self) -> dict[str, object]:
        """The same as elements of the mdoc encoding (PID Rulebook ch. 3)."""
        return {
            "family_name": self.family_name,
            "given_name": self.given_name,
            "birth_date": full_date(date.fromisoformat(self.birthdate)),
            "place_of_birth": dict(self.place_of_birth),
            "nationality": [self.nationality],
            "issuing_country": self.issuing_country,
            **self._identifiers(),
        }

    def _identifiers(self) -> dict[str, str]:
        identifiers = {
            "personal_administrative_number": self.personal_administrative_number,
            "document_number": self.document_number,
        }
        return {name: value for name, value in identifiers.items() if value}


PERSONS: Final[Mapping[str, Person]] = MappingProxyType(
    {
        "erika": Person(
            family_name="Mustermann",
            given_name="Erika",
            birthdate="1984-08-12",
            place_of_birth={"country": "DE", "locality": "Musterstadt"},
            nationality="DE",
            issuing_country="DE",
            personal_administrative_number="TEST-DE-8408120017",
            document_number="TEST-LZ6311T47",
        ),
        "asa": Person(
            family_name="Ångström-Provperson",
            given_name="Åsa Zoë",
            birthdate="1991-02-28",
            place_of_birth={"country": "SE", "locality": "Provköping"},
            nationality="SE",
            issuing_country="SE",
            personal_administrative_number="TEST-SE-910228-9999",
            document_number="TEST-SE-AA0000001",
        ),
        "jean": Person(  # document number only
            family_name="Exemple",
            given_name="Jean",
            birthdate="1975-05-04",
            place_of_birth={"country": "FR", "locality": "Villexemple"},
            nationality="FR",
            issuing_country="FR",
            document_number="TEST-FR-000000075",
        ),
        "nemo": Person(  # no unique identifier: a service must refuse to sign
            family_name="Nessuno",
            given_name="Nemo",
            birthdate="2000-01-01",
            place_of_birth={"country": "IT", "locality": "Provapoli"},
            nationality="IT",
            issuing_country="IT",
        ),
    }
)
