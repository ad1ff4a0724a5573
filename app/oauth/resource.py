"""Access tokens at the resources (RFC 6750 §2.1, RFC 9449 §7).

1. one scheme, one token, in the header only
2. the token lives
3. bound to a key: scheme ``DPoP``, a fresh proof by that key over this token
   not bound: scheme ``Bearer``. Neither passes for the other.
"""

from collections.abc import Callable
from datetime import datetime

from app.database import Database
from app.oauth import store
from app.oauth.dpop import ProofRefusedError, check_proof
from app.oauth.tokens import Tokens
from app.signers.access import Access, AccessRefusedError, ProofOfKeyRefusedError
from app.signers.sessions import hashed
from app.signers.store import AccessToken


class ProtectedResource:
    """An ``AccessCheck``."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        base_url: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._base_url = base_url
        self._clock = clock

    def __call__(
        self, *, path: str, authorization: str | None, dpop: str | None
    ) -> Access:
        scheme, _, text = (authorization or "").partition(" ")
        found = self._tokens.live(text) if text else None
        if found is None:
            raise AccessRefusedError("an access token is required")
        if scheme.lower() != ("dpop" if found.thumbprint else "bearer"):
            raise AccessRefusedError("the token is of another type")
        if found.thumbprint is not None:
            self._check_proof(found, text, dpop, self._base_url + path)
        return Access(
            handle=found.handle,
            tx=found.tx,
            by_identifier=found.by_identifier,
            notification_id=hashed(f"notification {text}")[:32],
        )

    def _check_proof(
        self, found: AccessToken, token: str, dpop: str | None, url: str
    ) -> None:
        now = self._clock()
        try:
            proof = check_proof(
                dpop or "", method="POST", url=url, now=now, token=token
            )
        except ProofRefusedError as error:
            raise ProofOfKeyRefusedError(str(error)) from error
        if proof.thumbprint != found.thumbprint:
            raise ProofOfKeyRefusedError("the proof is by another key")
        with self._database.write() as db:
            if not store.remember_proof(db, proof, now):
                raise ProofOfKeyRefusedError("the proof was used before")
