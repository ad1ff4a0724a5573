"""The credential issuer's metadata, signed (OpenID4VCI 1.0 §12.2.3).

The web tier serves the same as JSON, and this only while both say the same: a wallet
must not get two truths. What is said here is the SAM's to say, because the SAM issues
and the SAM checks proofs.
"""

from typing import Final

from sam.key_attestation import accepted
from sam.messages import KeyAttestationPolicy
from sam.module import Sam

TYPE: Final = "openidvci-issuer-metadata+jwt"
CONFIGURATION_ID: Final = "signing_pass"
ALGORITHMS: Final = ("ES256",)


def signed_metadata(sam: Sam) -> str:
    """The JWT of today, the same one for half of its life."""
    claims = metadata(sam)
    return sam.signed_texts.get(
        TYPE,
        claims,
        sam.clock(),
        lambda times: sam.pass_issuer.sign(
            TYPE, {"sub": sam.config.base_url, **times, **claims}
        ),
    )


def metadata(sam: Sam) -> dict[str, object]:
    """§12.2.4: the members that are not about the JWT."""
    base = sam.config.base_url
    return {
        "credential_issuer": base,
        "credential_endpoint": f"{base}/oid4vci/credential",
        "nonce_endpoint": f"{base}/oid4vci/nonce",
        "notification_endpoint": f"{base}/oid4vci/notification",
        "display": [{"name": "Signing service (TEST)", "locale": "en"}],
        "credential_configurations_supported": {
            CONFIGURATION_ID: {
                "format": "dc+sd-jwt",
                "vct": sam.config.pass_type,
                "scope": CONFIGURATION_ID,
                "cryptographic_binding_methods_supported": ["jwk"],
                "credential_signing_alg_values_supported": list(ALGORITHMS),
                "proof_types_supported": _proof_types(sam),
                "credential_metadata": {
                    "display": [{"name": "Signing pass (TEST)", "locale": "en"}],
                },
            }
        },
    }


def _proof_types(sam: Sam) -> dict[str, object]:
    policy = sam.config.pass_key_attestation
    kind: dict[str, object] = {"proof_signing_alg_values_supported": list(ALGORITHMS)}
    if policy is KeyAttestationPolicy.OFF:
        return {"jwt": kind}
    if policy is KeyAttestationPolicy.REQUIRED:
        kind = {**kind, "key_attestations_required": _required(sam)}
    return {"jwt": kind, "attestation": kind}


def _required(sam: Sam) -> dict[str, object]:
    """§12.2.4: an empty object wants an attestation of any level."""
    levels = {
        "key_storage": accepted(sam.config.pass_key_storage),
        "user_authentication": accepted(sam.config.pass_user_authentication),
    }
    return {name: [str(w) for w in words] for name, words in levels.items() if words}
