"""How one kind of wallet has to be asked: the switches in which wallets differ.

The defaults are production's; a profile names only what it changes. It chooses among
ways to ask that are all sound. What no profile can choose is in ``policy_floor``.
"""

from datetime import timedelta
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openid4vp.errors import InvalidRequestError

Enc: TypeAlias = Literal["A128GCM", "A256GCM"]
LinkScheme: TypeAlias = Annotated[
    str,
    Field(
        max_length=200,
        pattern=r"^(openid4vp|haip-vp|eu-eaap|eudi-openid4vp|mdoc-openid4vp"
        r"|https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?)$",
    ),
]
PidVct: TypeAlias = Annotated[
    str,
    Field(
        max_length=100, pattern=r"^urn:(eudi:pid|eu\.europa\.ec\.eudi:pid):[a-z0-9:.]+$"
    ),
]


class _Closed(BaseModel):
    """Frozen, strict, and closed: an unknown switch is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Dialect(_Closed):
    """How transaction data is spelt; what it says is the same in each.

    ``digest_member``: ``documentDigests`` in CSC's data model, ETSI TS 119 432 B.6.2
    and EUDI wallets, ``documentInfos`` in CSC's bindings and WE BUILD CS-03.
    ``checksum`` is of the prepared file, an object in ETSI's spelling and a string in
    CSC's. ``hashes_alg``: whether ``transaction_data_hashes_alg`` is sent.
    """

    digest_member: Literal["documentDigests", "documentInfos"] = "documentDigests"
    checksum: Literal["omit", "object", "string"] = "omit"
    hashes_alg: Literal["sent", "omitted"] = "sent"


class AnswerRules(_Closed):
    """What a holder proof must hold beyond the hashes, which it always must.

    ``hashes_alg``: whether a wallet that was told the algorithm has to repeat it
    (OpenID4VP 1.0 B.3.3.1). ``qes_approval``: whether CSC's claim has to be there; one
    that is there has to be right. ``qes_approval_input``: of what it is the digest, of
    the string (CSC) or of the decoded JSON (ETSI TS 119 432 B.6.3). The seconds are
    the window around now for ``iat``.
    """

    hashes_alg: Literal["required", "optional"] = "required"
    qes_approval: Literal["required", "optional"] = "optional"
    qes_approval_input: Literal["either", "string", "json"] = "either"
    iat_past_seconds: int = 300
    iat_future_seconds: int = 60

    @property
    def iat_past(self) -> timedelta:
        return timedelta(seconds=self.iat_past_seconds)

    @property
    def iat_future(self) -> timedelta:
        return timedelta(seconds=self.iat_future_seconds)


class Profile(_Closed):
    """One kind of wallet. ``title`` is what a page calls it.

    ``client_id_prefix``: None leaves it to the service's own setting.
    ``aud``: the constant of static discovery, or the ``issuer`` that a wallet states
    (OpenID4VP 1.0 §5.8). ``iat_in_header``: ETSI TS 119 472-2 REDIRECTS-RO-03.
    ``enc_values``: what we decrypt, in the order in which it is offered.
    ``pid_formats``: a PID in either encoding, or one query for one of them.
    ``trusted_authorities``: whether wallets are told whose PIDs are trusted.
    ``registration_certificate``: how ours is written, if there is one.
    ``also_pid_vct``: further PID types, for tests only.
    """

    name: str = Field(default="production", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    title: str = Field(
        default="EU Digital Identity Wallet", min_length=1, max_length=60
    )
    client_id_prefix: Literal["x509_hash", "x509_san_dns"] | None = None
    request_uri_method: Literal["post", "get", "omit"] = "post"
    link_scheme: LinkScheme = "openid4vp"
    aud: Literal["self_issued", "wallet_issuer"] = "self_issued"
    iat_in_header: bool = False
    enc_values: tuple[Enc, ...] = ("A128GCM", "A256GCM")
    pid_formats: Literal["either", "dc+sd-jwt", "mso_mdoc"] = "either"
    also_pid_vct: tuple[PidVct, ...] = Field(default=(), max_length=8)
    trusted_authorities: bool = False
    registration_certificate: Literal["none", "compact", "base64url"] = "compact"
    registrar_dataset: bool = False
    transaction_data: Dialect = Dialect()
    answer: AnswerRules = AnswerRules()

    def to_json(self) -> str:
        """Only what differs from production, and the name."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Profile":
        """Raises ``InvalidRequestError``, which names every switch that is wrong."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise InvalidRequestError(_sentence(error)) from None


PRODUCTION: Final = Profile()
STANDARD_DIALECT: Final = PRODUCTION.transaction_data


def _sentence(error: ValidationError) -> str:
    return "; ".join(
        ": ".join((".".join(map(str, found["loc"])) or "JSON", found["msg"]))
        for found in error.errors()
    )
