"""Credential issuer metadata (OpenID4VCI 1.0 §12.2) and the pass's type metadata.

Signed metadata (§12.2.3) is the SAM's: its key, its words. It is passed on only while
it says exactly what we say unsigned: a wallet must not get two truths.
"""

import base64
import json
from collections.abc import Mapping
from typing import Final

from app.signers.offers import CONFIGURATION_ID
from sam import messages as m

ES256: Final = "ES256"
CREDENTIAL: Final = "/oid4vci/credential"
NONCE: Final = "/oid4vci/nonce"
NOTIFICATION: Final = "/oid4vci/notification"
ABOUT_THE_JWT: Final = frozenset({"iss", "sub", "iat", "exp"})


def issuer_metadata(base_url: str, info: m.Info) -> dict[str, object]:
    """§12.2.4."""
    return {
        "credential_issuer": base_url,
        "credential_endpoint": base_url + CREDENTIAL,
        "nonce_endpoint": base_url + NONCE,
        "notification_endpoint": base_url + NOTIFICATION,
        "display": [{"name": "Signing service (TEST)", "locale": "en"}],
        "credential_configurations_supported": {
            CONFIGURATION_ID: {
                "format": "dc+sd-jwt",
                "vct": info.pass_type,
                "scope": CONFIGURATION_ID,
                "cryptographic_binding_methods_supported": ["jwk"],
                "credential_signing_alg_values_supported": [ES256],
                "proof_types_supported": _proof_types(info),
                "credential_metadata": {
                    "display": [{"name": "Signing pass (TEST)", "locale": "en"}],
                },
            }
        },
    }


def signed_metadata(base_url: str, info: m.Info) -> str | None:
    """The SAM's JWT, if it has one that agrees with ``issuer_metadata``."""
    text = info.signed_metadata
    if text is None:
        return None
    said = _payload(text)
    own = {name: said[name] for name in said if name not in ABOUT_THE_JWT}
    if said.get("sub") != base_url or own != issuer_metadata(base_url, info):
        return None
    return text


def type_metadata(info: m.Info) -> dict[str, object]:
    """SD-JWT VC type metadata, served under the URL that is the vct."""
    return {
        "vct": info.pass_type,
        "name": "Signing pass",
        "description": "Approves single documents at the signing service (TEST).",
        "display": [{"locale": "en", "name": "Signing pass (TEST)"}],
        "claims": [
            {"path": ["purpose_of_use"], "sd": "never"},
            {"path": ["pass_id"], "sd": "never"},
        ],
    }


def _proof_types(info: m.Info) -> dict[str, object]:
    """§12.2.4: ``key_attestations_required`` only where one is.

    The SAM's policy, because the SAM checks it: here it is only told.
    """
    policy = info.key_attestation
    kind: dict[str, object] = {"proof_signing_alg_values_supported": [ES256]}
    if policy is m.KeyAttestationPolicy.OFF:
        return {"jwt": kind}
    if policy is m.KeyAttestationPolicy.REQUIRED:
        kind = {**kind, "key_attestations_required": _levels(info)}
    return {"jwt": kind, "attestation": kind}


def _levels(info: m.Info) -> dict[str, object]:
    levels = {
        "key_storage": info.key_storage,
        "user_authentication": info.user_authentication,
    }
    return {name: [str(w) for w in words] for name, words in levels.items() if words}


def _payload(text: str) -> Mapping[str, object]:
    """Unverified: it comes from the SAM, and wallets verify it."""
    try:
        part = text.split(".")[1]
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError):
        return {}
    return value if isinstance(value, dict) else {}
