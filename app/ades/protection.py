"""Find in a PDF what its proof rests on. Runs in the confined child.

Time stamps over the whole file count as covers only if they are valid: digest,
signature, path to a given anchor, nothing forbidden added after.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from asn1crypto import cms, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import NonexistentAttributeError, find_unique_cms_attribute
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_timestamp
from pyhanko.sign.validation.status import SignatureCoverageLevel

from app.ades.algorithm_ends import Mechanism, Use, policy_name
from app.ades.faults import refusing_faults
from app.ades.uplift import Cover, Proof, Protection
from app.ades.validate import VALIDATION_FAULTS, Trust, context

CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
WHOLE: Final = (
    SignatureCoverageLevel.ENTIRE_FILE,
    SignatureCoverageLevel.ENTIRE_REVISION,
)
FAMILIES: Final = {
    "ecdsa": "ecdsa",
    "rsassa_pkcs1v15": "rsa-pkcs1",
    "rsassa_pss": "rsa-pss",
}


def protection(content: bytes, *, trust: Trust, at: datetime) -> Protection:
    """Raises ``UnsignableDocumentError`` for a file that cannot be read."""
    with refusing_faults():
        reader = PdfFileReader(BytesIO(content), strict=True)
        proofs: list[Proof] = []
        covers: list[Cover] = []
        for depth, signature in enumerate(reader.embedded_signatures):
            if str(signature.sig_object_type) != "/DocTimeStamp":
                proofs += _of_signature(signature, depth)
                continue
            proofs += _of_token(signature.signed_data, "archive time stamp", depth)
            if _holds(signature, trust, at):
                made_at = _tst_info(signature.signed_data)["gen_time"].native
                covers.append(Cover(made_at=made_at, depth=depth))
    return Protection(proofs=tuple(proofs), covers=tuple(covers))


def _holds(signature: EmbeddedPdfSignature, trust: Trust, at: datetime) -> bool:
    loop = asyncio.get_event_loop()  # made before confinement
    judged = async_validate_pdf_timestamp(
        signature, context(trust, trust.timestamp_anchors, at)
    )
    try:
        status = loop.run_until_complete(judged)
    except VALIDATION_FAULTS:
        return False
    whole = status.coverage in WHOLE
    return whole and status.intact and status.valid and status.trusted


def _of_signature(signature: EmbeddedPdfSignature, depth: int) -> Iterator[Proof]:
    info, token = signature.signer_info, _token(signature)
    stamped = None if token is None else _tst_info(token)["gen_time"].native
    digest = policy_name(info["digest_algorithm"]["algorithm"].native)
    yield Proof(
        subject="document",
        mechanism=Mechanism(use="signing", hash=digest),
        depth=depth,
    )
    leaf = signature.signer_cert
    made = _made(info["signature_algorithm"], leaf, digest, "signing")
    yield Proof(subject="signature", mechanism=made, depth=depth, stamped_at=stamped)
    issuers = signature.other_embedded_certs
    for one in (leaf, *issuers):
        yield from _of_certificate(
            one,
            issuers,
            Proof(
                subject=f"certificate of {_name(one)}",
                mechanism=Mechanism(use="certificate_issuing", hash=""),
                depth=depth,
                stamped_at=stamped if one is leaf else None,
            ),
        )
    if token is not None:
        yield from _of_token(token, "time stamp", depth)


def _of_token(signed_data: Any, subject: str, depth: int) -> Iterator[Proof]:
    info = signed_data["signer_infos"][0]
    imprint = _tst_info(signed_data)["message_imprint"]["hash_algorithm"]
    over = policy_name(imprint["algorithm"].native)
    digest = policy_name(info["digest_algorithm"]["algorithm"].native)
    for each in sorted({over, digest}):
        mechanism = Mechanism(use="time_stamps", hash=each)
        yield Proof(subject=subject, mechanism=mechanism, depth=depth)
    chain = [choice.chosen for choice in signed_data["certificates"]]
    leaf = _signer(info, chain)
    yield Proof(
        subject=subject,
        mechanism=_made(info["signature_algorithm"], leaf, digest, "time_stamps"),
        depth=depth,
        expires_at=leaf.not_valid_after,
    )
    for one in chain:
        about = Proof(
            subject=f"certificate of {_name(one)}",
            mechanism=Mechanism(use="time_stamps", hash=""),
            depth=depth,
        )
        yield from _of_certificate(one, chain, about)


def _signer(info: Any, chain: Sequence[x509.Certificate]) -> x509.Certificate:
    """RFC 5652 §5.3; pyHanko's validation has matched it by then."""
    serial = info["sid"].chosen["serial_number"].native
    return next(one for one in chain if one.serial_number == serial)


def _of_certificate(
    one: x509.Certificate, issuers: Sequence[x509.Certificate], proof: Proof
) -> Iterator[Proof]:
    """How it was signed. A root's own signature proves nothing and does not count."""
    if one.self_issued:
        return
    algorithm, use = one["signature_algorithm"], proof.mechanism.use
    digest = policy_name(algorithm.hash_algo)
    above = [each for each in issuers if each.subject == one.issuer]
    made = (
        _made(algorithm, above[0], digest, use)
        if above
        else Mechanism(use=use, hash=digest)  # the anchor's size is not told
    )
    yield replace(proof, mechanism=made)


def _made(algorithm: Any, by: x509.Certificate, digest: str, use: Use) -> Mechanism:
    key = by.public_key
    family = FAMILIES.get(algorithm.signature_algo, algorithm.signature_algo)
    if key.algorithm != "ec":
        return Mechanism(use=use, hash=digest, family=family, bits=key.bit_size)
    curve = str(key.curve[1])
    return Mechanism(
        use=use, hash=digest, family=family, curve=CURVES.get(curve, curve)
    )


def _token(signature: EmbeddedPdfSignature) -> Any:
    try:
        token: cms.ContentInfo = find_unique_cms_attribute(
            signature.signer_info["unsigned_attrs"], "signature_time_stamp_token"
        )
    except NonexistentAttributeError:
        return None
    return token["content"]


def _tst_info(signed_data: Any) -> Any:
    return signed_data["encap_content_info"]["content"].parsed


def _name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.human_friendly)[:100]
