"""The administrator's set-up of a SAM: folders, token, keys, requests, database.

Idempotent. It makes the three service keys in the token and writes a certificate
request for each under ``csr/``; the authorities answer into ``certificates/``. Nothing
here issues a certificate, and no private key exists outside the token.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from asn1crypto import pem, x509

from hsm import token
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import ServiceKey, SigningDevice
from sam import certificates
from sam.config import SamConfig

NAMES = {
    ServiceKey.REGISTRATION_AUTHORITY: "TEST signing service registration authority",
    ServiceKey.REQUEST_SIGNING: "TEST signing service",
    ServiceKey.PASS_ISSUING: "TEST signing service pass issuer",
}


def set_up(config: SamConfig, say: Callable[[str], None]) -> None:
    """Make what is missing; ``say`` hears one line per thing made."""
    directory = config.sam_directory
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)  # also when an administrator made it with another mode
    for folder in ("anchors/pid", "anchors/wallet-providers", "csr", "certificates"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    for made in token.set_up(config.hsm):
        say(f"key {made} made in the token")
    upgrade_database(config)
    missing = [key for key in ServiceKey if not _request_file(directory, key).exists()]
    if missing:
        device = Pkcs11Device.open(config.hsm)
        try:
            for key in missing:
                armored = pem.armor(
                    "CERTIFICATE REQUEST", certificate_request(device, key)
                )
                _request_file(directory, key).write_bytes(armored)
                say(f"certificate request csr/{key.value}.csr written")
        finally:
            device.close()


def upgrade_database(config: SamConfig) -> None:
    command.upgrade(migrations(config), "head")


def migrations(config: SamConfig) -> Config:
    """Alembic's settings for the SAM's database."""
    alembic = Config()
    alembic.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations")
    )
    alembic.set_main_option("sqlalchemy.url", config.database_url.replace("%", "%%"))
    return alembic


def _request_file(directory: Path, key: ServiceKey) -> Path:
    return directory / "csr" / f"{key.value}.csr"


def certificate_request(device: SigningDevice, key: ServiceKey) -> bytes:
    """A DER PKCS#10 for a service key, with its proof of possession."""
    subject = x509.Name.build({"common_name": NAMES[key]}).dump()
    return certificates.request(
        subject,
        device.service_public_key(key),
        lambda info: device.sign_with_service_key(key, hashlib.sha256(info).digest()),
    )
