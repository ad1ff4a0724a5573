"""A time-stamping authority without SHA-256 or P-256: RSA-3072, SHA-512 throughout."""

from datetime import datetime, timedelta

from asn1crypto import algos, tsp
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps import DummyTimeStamper

from tests.app.ades.pki import NOW, der, key_usage, name


class StrongTsa:
    """``anchor`` is DER; calling it stamps a digest, as ``archives.Stamp``."""

    def __init__(self, *, at: datetime = NOW, days: int = 3000) -> None:
        self._root_key = rsa.generate_private_key(65537, 3072)
        self._key = rsa.generate_private_key(65537, 3072)
        end = NOW + timedelta(days=days)
        root = self._certificate("strong root", self._root_key, end, ca=True)
        self._leaf = self._certificate("strong TSA", self._key, end, ca=False)
        self.anchor = der(root)
        self.at = at

    def __call__(self, digest: bytes, algorithm: str) -> bytes:
        answer = self._timestamper().request_tsa_response(
            tsp.TimeStampReq(
                {
                    "version": 1,
                    "message_imprint": {
                        "hash_algorithm": algos.DigestAlgorithm(
                            {"algorithm": algorithm}
                        ),
                        "hashed_message": digest,
                    },
                    "nonce": 4711,
                    "cert_req": True,
                }
            )
        )
        token: bytes = answer["time_stamp_token"].dump()
        return token

    def answer(self, request: bytes) -> bytes:
        """RFC 3161 §2.4: a DER TimeStampReq in, a DER TimeStampResp out."""
        asked = tsp.TimeStampReq.load(request)
        answered: bytes = self._timestamper().request_tsa_response(asked).dump()
        return answered

    def _timestamper(self) -> DummyTimeStamper:
        private = self._key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return DummyTimeStamper(
            tsa_cert=asn1_x509.Certificate.load(der(self._leaf)),
            tsa_key=asn1_keys.PrivateKeyInfo.load(private),
            fixed_dt=self.at,
        )

    def _certificate(
        self, subject: str, key: rsa.RSAPrivateKey, end: datetime, *, ca: bool
    ) -> x509.Certificate:
        usage = "key_cert_sign crl_sign" if ca else "digital_signature"
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("strong root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=300))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
            .add_extension(key_usage(usage), True)
        )
        if not ca:
            stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(stamping, True)
        return builder.sign(self._root_key, hashes.SHA512())
