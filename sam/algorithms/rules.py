"""The rules in force: the shipped policy, and the operator's where there is one.

Both have to accept. So an operator can end an algorithm sooner, and nobody can keep
one longer than the version of this software that is running.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography import x509

from hsm.algorithms import SCHEMES, Algorithm, Scheme
from sam.algorithms.mechanisms import (
    ECDSA_P256_SHA256,
    Mechanism,
    of_certificate,
    of_scheme,
)
from sam.algorithms.policy import AlgorithmPolicy, Use
from sam.errors import AlgorithmEndedError

WARN: Final = timedelta(days=90)

PREFERRED: Final[tuple[tuple[Algorithm, Scheme], ...]] = (
    (Algorithm.P256, Scheme.ECDSA_SHA256),
    (Algorithm.P384, Scheme.ECDSA_SHA384),
    (Algorithm.RSA3072, Scheme.RSA_PSS_SHA256),
    (Algorithm.RSA4096, Scheme.RSA_PSS_SHA512),
)
"""What a new key is, where nobody asks for something else: the first that is accepted.
PKCS#1 v1.5 has an end and is made for who asks for it only."""


@dataclass(frozen=True, slots=True)
class AlgorithmRules:
    policies: tuple[AlgorithmPolicy, ...]

    def accepts(self, use: Use, mechanism: Mechanism, now: datetime) -> bool:
        return all(policy.accepts(use, mechanism, now) for policy in self.policies)

    def require(self, use: Use, mechanism: Mechanism, now: datetime) -> None:
        """Raises ``AlgorithmEndedError`` unless every policy accepts."""
        for policy in self.policies:
            policy.require(use, mechanism, now)

    def require_one_time_key(self, now: datetime) -> None:
        """What a one-time key signs by (P-256 with SHA-256) may be used now."""
        self.require(Use.SIGNING, ECDSA_P256_SHA256, now)

    def require_scheme(
        self, algorithm: Algorithm, scheme: Scheme, now: datetime
    ) -> None:
        """A key of that kind may sign by ``scheme`` now."""
        self.require(Use.SIGNING, of_scheme(algorithm, scheme), now)

    def require_key(self, algorithm: Algorithm, now: datetime) -> None:
        """At least one scheme of keys of that kind may be used now."""
        if not any(
            self.accepts(Use.SIGNING, of_scheme(algorithm, scheme), now)
            for scheme, facts in SCHEMES.items()
            if algorithm in facts.algorithms
        ):
            raise AlgorithmEndedError(f"{algorithm} is not accepted for signing now")

    def for_a_new_key(self, now: datetime) -> tuple[Algorithm, Scheme]:
        """The first of ``PREFERRED`` that is accepted, or ``AlgorithmEndedError``."""
        for algorithm, scheme in PREFERRED:
            if self.accepts(Use.SIGNING, of_scheme(algorithm, scheme), now):
                return algorithm, scheme
        raise AlgorithmEndedError("no algorithm of ours is accepted for signing now")

    def require_path(self, use: Use, path: Sequence[bytes], now: datetime) -> None:
        """Every certificate of a DER path, leaf to anchor, was signed acceptably.

        The anchor's own signature proves nothing and is not looked at (RFC 5280 §6.1).
        """
        try:
            certificates = [x509.load_der_x509_certificate(der) for der in path]
            signed = of_path(certificates)
        except ValueError as error:  # UnknownMechanismError is one
            raise AlgorithmEndedError(f"no policy names it: {error}") from error
        for mechanism in signed:
            self.require(use, mechanism, now)

    def ends(self) -> Iterator[tuple[str, Use, date]]:
        """The soonest end of all that has one, over every policy."""
        soonest: dict[tuple[str, Use], date] = {}
        for policy in self.policies:
            for subject, use, until in policy.ends():
                soonest[subject, use] = min(soonest.get((subject, use), until), until)
        for (subject, use), until in sorted(
            soonest.items(), key=lambda item: (item[1], item[0])
        ):
            yield subject, use, until


def of_path(path: Sequence[x509.Certificate]) -> list[Mechanism]:
    """How each but the last was signed by the next. ``UnknownMechanismError``."""
    return [
        of_certificate(issued, issuer.public_key()) for issued, issuer in pairwise(path)
    ]


def midnight(day: date) -> datetime:
    """The moment at which an algorithm with that end is over."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
