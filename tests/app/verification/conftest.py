"""One real signing of two PDFs, in one process: what a signer takes home from it."""

import base64
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import pytest
from cryptography import x509

from app.ades.documents import CmsParts, Documents, Prepared
from app.signing.evidence import evidence_archive
from app.verification import archive
from app.verification.evidence import Trust, verify
from app.verification.report import Report
from sam import messages as m
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki
from tests.sam.callers import Holder
from tests.sam.world import World

Sign = Callable[..., bytes]
ORIGINALS = {"lease.pdf": pdfs.plain(), "letter.pdf": pdfs.of_pages(3)}


@dataclass(frozen=True, kw_only=True)
class Home:
    """What the signer has, and the anchors a stranger would trust."""

    archive: bytes
    documents: Mapping[str, bytes]
    trust: Trust
    other_root: x509.Certificate
    parser: Documents

    @property
    def files(self) -> Mapping[str, bytes]:
        return archive.read(self.archive)

    def judged(
        self,
        *,
        files: Mapping[str, bytes] | None = None,
        documents: Mapping[str, bytes] | None = None,
        trust: Trust | None = None,
        parsing: bool = True,
    ) -> Report:
        """The report, with what is given instead of what there is."""
        return verify(
            self.archive if files is None else packed(files),
            documents=self.documents if documents is None else documents,
            trust=self.trust if trust is None else trust,
            parser=self.parser if parsing else None,
        )

    def changed(self, name: str, change: Callable[[bytes], bytes]) -> Report:
        """With one file of the archive, or one document, put through ``change``."""
        if name in self.documents:
            return self.judged(documents={name: change(self.documents[name])})
        return self.judged(files={**self.files, name: change(self.files[name])})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Like the service's archive, but with any bytes in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in files.items():
            opened.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def home(
    tmp_path_factory: pytest.TempPathFactory, documents: Documents, pki: Pki
) -> Iterator[Home]:
    with closing(World(tmp_path_factory.mktemp("world"))) as world:
        prepared = {
            name: documents.prepare(content, signed_at=NOW)
            for name, content in ORIGINALS.items()
        }
        finished = finish(world, world.person("erika"), prepared)
        chain = tuple(base64.b64decode(c) for c in finished.certificate_chain)
        root = world.folder / "trust-services" / "root.pem"
        yield Home(
            archive=evidence_archive(finished.evidence),
            documents={
                name: documents.embed(
                    ready.content, ready.byte_range, parts(made, chain), None
                )
                for (name, ready), made in zip(
                    prepared.items(), finished.signatures, strict=True
                )
            },
            trust=Trust(
                anchors=[x509.load_pem_x509_certificate(root.read_bytes())],
                request_anchors=[world.access_root],
            ),
            other_root=pki.root.certificate,
            parser=documents,
        )


def finish(
    world: World, person: Holder, prepared: Mapping[str, Prepared]
) -> m.Finished:
    described = tuple(
        m.PreparedDocument(
            name=name,
            byte_range=ready.byte_range,
            original_length=ready.original_length,
            length=len(ready.content),
        )
        for name, ready in prepared.items()
    )
    opened = world.client.open_sign(
        m.OpenSign(documents=described, purpose="private"),
        [io.BytesIO(ready.content) for ready in prepared.values()],
    )
    world.submit(opened.tx, person.answer(opened.tx))
    return world.finish(opened.tx)


def parts(made: m.Signature, chain: tuple[bytes, ...]) -> CmsParts:
    return CmsParts(
        signed_attributes=base64.b64decode(made.signed_attributes),
        signature=base64.b64decode(made.signature),
        chain=chain,
    )


@pytest.fixture(scope="session")
def sign(documents: Documents, pki: Pki) -> Sign:
    def sign(
        original: bytes, name: str = "TEST Erika", *, stamped: datetime | None = NOW
    ) -> bytes:
        prepared = documents.prepare(original, signed_at=NOW)
        parts = pki.signer(name).sign(prepared)
        token = pki.timestamp(parts.signature, at=stamped) if stamped else None
        return documents.embed(prepared.content, prepared.byte_range, parts, token)

    return sign


@pytest.fixture(scope="session")
def signed(sign: Sign) -> bytes:
    return sign(pdfs.plain())
