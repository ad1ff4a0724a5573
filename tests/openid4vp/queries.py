"""Right queries of either format, with one thing changed."""

from openid4vp.dcql import MSO_MDOC, SD_JWT_VC, ClaimsQuery, CredentialQuery

NAMESPACE = "org.iso.18013.5.1"
AKI = "s9tIpPmhxdiuNkHMEWNpYim8S8Y"


def mdoc(**members: object) -> CredentialQuery:
    right = {"id": "a", "format": MSO_MDOC, "doctype_value": f"{NAMESPACE}.mDL"}
    return CredentialQuery(**{**right, **members})  # type: ignore[arg-type]


def element(*path: str | int | None, **other: object) -> CredentialQuery:
    return mdoc(claims=(ClaimsQuery(path=path, **other),))  # type: ignore[arg-type]


def claim(name: str, **other: str) -> ClaimsQuery:
    return ClaimsQuery(path=(name,), **other)


def credential(**members: object) -> CredentialQuery:
    return CredentialQuery(
        **{"id": "a", "format": SD_JWT_VC, "vct_values": ("urn:x",), **members}
    )  # type: ignore[arg-type]
