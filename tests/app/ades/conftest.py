"""One fork server, one PKI and one signed file for all tests of this folder."""

from collections.abc import Iterator

import pytest

from app.ades.documents import CmsParts, Documents, Prepared
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki, Signer


@pytest.fixture(scope="session")
def documents() -> Iterator[Documents]:
    documents = Documents()
    yield documents
    documents.close()


@pytest.fixture(scope="session")
def pki() -> Pki:
    return Pki()


@pytest.fixture(scope="session")
def signer(pki: Pki) -> Signer:
    return pki.signer()


@pytest.fixture(scope="session")
def original() -> bytes:
    return pdfs.plain()


@pytest.fixture(scope="session")
def prepared(documents: Documents, original: bytes) -> Prepared:
    return documents.prepare(original, signed_at=NOW)


@pytest.fixture(scope="session")
def parts(signer: Signer, prepared: Prepared) -> CmsParts:
    return signer.sign(prepared)


@pytest.fixture(scope="session")
def token(pki: Pki, parts: CmsParts) -> bytes:
    return pki.timestamp(parts.signature)


@pytest.fixture(scope="session")
def signed(
    documents: Documents, prepared: Prepared, parts: CmsParts, token: bytes
) -> bytes:
    return documents.embed(prepared.content, prepared.byte_range, parts, token)
