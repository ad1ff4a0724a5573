"""Write ``app/ades/sample``: ``python -m tests.app.ades.make_sample``.

The fork server warms itself up on this file. Its keys are thrown away.
"""

from pathlib import Path

from app.ades import embed, prepare
from app.ades.byte_range import sdr
from app.ades.documents import Prepared
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki, Signer

FOLDER = Path(__file__).parents[3] / "app" / "ades" / "sample"


def main() -> None:
    pki = Pki()
    signer: Signer = pki.signer()
    original = pdfs.plain()
    done = prepare.prepare(original, signed_at=NOW, max_pages=1)
    prepared = Prepared(
        content=done.content,
        byte_range=done.byte_range,
        original_length=len(original),
        sdr=sdr(done.content, done.byte_range),
        page_count=1,
        findings=(),
    )
    parts = signer.sign(prepared)
    signed = embed.embed(
        prepared.content,
        prepared.byte_range,
        attributes=parts.signed_attributes,
        signature=parts.signature,
        chain=parts.chain,
        timestamp_token=pki.timestamp(parts.signature),
    )
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "signed.pdf").write_bytes(signed)
    (FOLDER / "anchor.der").write_bytes(pki.anchors[0])
    (FOLDER / "ca.crl").write_bytes(pki.issuing.crl())


if __name__ == "__main__":
    main()
