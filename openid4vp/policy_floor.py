"""What holds in every request, whatever a profile or a wallet's metadata says.

    answers are encrypted, by ECDH-ES with A128GCM or A256GCM
    signatures are ES256, in COSE -7 or -9
    nonce and audience are whole, and holder proofs are made now
    transaction data is approved by the signing pass, never by a PID
    what is for tests only stays in tests

``check_switches`` reads a profile before its schema does, so that whoever asks for
less is told why not. ``check_profile`` judges one that is well-formed, and
``check_request`` the finished request, so that there is no way around the two.
"""

from collections.abc import Mapping
from typing import Any, Final

from openid4vp import jwe, jws
from openid4vp.errors import InvalidRequestError
from openid4vp.profile import Profile

MIN_NONCE: Final = 43
"""256 bits as base64url."""
MAX_IAT_PAST: Final = 300
MAX_IAT_FUTURE: Final = 60
COSE_ALGS: Final = (-7, -9)
RESPONSE_MODES: Final = ("direct_post.jwt", "dc_api.jwt")

NO_SWITCH: Final[Mapping[str, str]] = {
    "response_mode": "answers are encrypted: otherwise the web tier reads PID data",
    "accept_enc": "answers are encrypted by A128GCM or A256GCM only",
    "request_object_alg": "requests are signed by ES256 only",
    "credential_algs": "credentials and proofs are signed by ES256, -7 or -9 only",
    "nonce": "every request has a nonce of 256 bits",
    "aud_compat": "a holder proof names the whole client_id",
    "pid_binding_legacy": "a PID identifies and never approves",
    "mdoc_qes_approval": "only the signing pass approves, and it is an SD-JWT VC",
    "transaction_data_off": "without transaction data nothing would be approved",
    "two_step_consent": "an approval is one answer with PID and pass",
    "key_binding": "every credential is presented with a holder proof",
    "qes_approval_nested": "a qesApproval stands where CSC's bindings put it",
    "accept_vc_sd_jwt_typ": "an SD-JWT VC has the type dc+sd-jwt",
    "status_policy": "a credential whose status is unknown is refused",
    "trust_mode": "trust anchors are a setting of the SAM",
    "dc_api": "the Digital Credentials API is a setting of the SAM",
    "redirect_uri_return": "an answer always leads back to a page",
}


class BelowFloorError(InvalidRequestError):
    """A profile, or a request made by one, asks for less than is ever asked for."""

    code = "below_policy_floor"


def check_switches(switches: Mapping[str, object]) -> None:
    """Refuse a profile file that names something no profile may choose."""
    wrong = [f"{name}: {NO_SWITCH[name]}" for name in switches if name in NO_SWITCH]
    if wrong:
        raise BelowFloorError("; ".join(wrong))


def check_profile(profile: Profile, *, test_mode: bool) -> None:
    """Refuse a profile that asks for less; the sentence says which switch, and why."""
    if sorted(profile.enc_values) != sorted(jwe.KEY_BITS):
        raise BelowFloorError(
            "enc_values: both of A128GCM and A256GCM, once each (HAIP 1.0 §5)"
        )
    past, future = profile.answer.iat_past_seconds, profile.answer.iat_future_seconds
    if not (0 < past <= MAX_IAT_PAST and 0 <= future <= MAX_IAT_FUTURE):
        raise BelowFloorError(
            f"answer: a holder proof is at most {MAX_IAT_PAST} s old and "
            f"{MAX_IAT_FUTURE} s ahead"
        )
    told = profile.transaction_data.hashes_alg == "sent"
    if profile.answer.hashes_alg == "required" and not told:
        raise BelowFloorError("answer.hashes_alg: a wallet repeats what it was told")
    if profile.client_id_prefix == "x509_san_dns" and not test_mode:
        raise BelowFloorError("client_id_prefix: x509_san_dns is for tests only")
    if profile.also_pid_vct and not test_mode:
        raise BelowFloorError("also_pid_vct: further PID types are for tests only")


def check_request(claims: Mapping[str, Any]) -> None:
    """Refuse the claims of a request object that are below the floor."""
    if claims["response_mode"] not in RESPONSE_MODES:
        raise BelowFloorError("response_mode: answers are encrypted")
    if len(str(claims["nonce"])) < MIN_NONCE:
        raise BelowFloorError("nonce: at least 256 bits")
    metadata = claims["client_metadata"]
    _check_encryption(metadata)
    for parameters in metadata["vp_formats_supported"].values():
        for algorithms in parameters.values():
            if not set(algorithms) <= {jws.ALG, *COSE_ALGS}:
                raise BelowFloorError("vp_formats_supported: ES256, -7 and -9 only")


def _check_encryption(metadata: Mapping[str, Any]) -> None:
    (key, *more) = metadata["jwks"]["keys"]
    if more or key.get("alg") != jwe.ALG or key.get("use") != "enc" or "d" in key:
        raise BelowFloorError("jwks: one public key, for ECDH-ES")
    offered = metadata["encrypted_response_enc_values_supported"]
    if not offered or not set(offered) <= set(jwe.KEY_BITS):
        raise BelowFloorError("enc values: A128GCM and A256GCM only")
