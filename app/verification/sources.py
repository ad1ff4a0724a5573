"""Where ``qes verify`` takes anchors and CRLs from: files named, else the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
from pydantic import ValidationError

from app.config import WebConfig
from app.verification.validation_trust import ValidationTrust, ValidationTrustError

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTrust:
    """DER from files wins over what the settings name; ``None``: there are none."""

    anchors_given: tuple[bytes, ...]
    crls_given: tuple[bytes, ...]
    configured: ValidationTrust | None

    def anchors(self) -> tuple[bytes, ...]:
        if self.anchors_given:
            return self.anchors_given
        if self.configured is None:
            raise ValidationTrustError("no --anchor, and no settings")
        return self.configured.anchors()

    def crls(self) -> tuple[bytes, ...]:
        fetched = () if self.configured is None else self.configured.crls()
        return self.crls_given + fetched


def configured_trust(
    http: httpx.Client, clock: Callable[[], datetime], *, offline: bool
) -> ValidationTrust | None:
    """What the web tier itself would validate with, as far as settings are readable."""
    try:
        config = WebConfig.load()
    except ValidationError:
        return None
    urls = () if offline else config.crl_urls
    return ValidationTrust(config.validation_anchors, urls, http, clock)
