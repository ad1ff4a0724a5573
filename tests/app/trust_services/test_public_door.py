"""The public door: certificates and lists under the URLs that certificates carry."""

from typing import Any

import pytest
from cryptography import x509


@pytest.mark.parametrize("slug", ["root", "issuing-ca", "access-ca"])
def test_a_ca_certificate_is_served_under_its_name(pki: Any, slug: str) -> None:
    answer = pki.public().get(f"/ca/{slug}.cer")

    assert answer.content_type == "application/pkix-cert"
    assert x509.load_der_x509_certificate(answer.data) == (
        pki.installation.issuers[slug].certificate
    )


def test_a_crl_says_what_it_is(pki: Any) -> None:
    answer = pki.public().get("/crl/issuing-ca.crl")

    assert answer.content_type == "application/pkix-crl"


@pytest.mark.parametrize("door", ["est", "public"])
def test_each_door_tells_that_it_is_open(pki: Any, door: str) -> None:
    answer = getattr(pki, door)().get("/healthz")

    assert (answer.status_code, answer.data) == (200, b"ok\n")


@pytest.mark.parametrize(
    "path",
    ["/ca/tsa.cer", "/ca/root.key", "/root.key", "/crl/../root.key", "/settings.json"],
)
def test_nothing_else_of_the_folder_is_served(pki: Any, path: str) -> None:
    assert pki.public().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/.well-known/est/fullcmc", "/certify", "/revoke"])
def test_the_public_door_certifies_nothing(pki: Any, path: str) -> None:
    assert pki.public().post(path, data=b"x").status_code == 404


def test_the_est_door_has_no_simple_enrolment(pki: Any) -> None:
    """Without a CMC signature nobody would have asked."""
    answer = pki.est().post("/.well-known/est/simpleenroll", data=b"x")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"!!!!", 400, id="not-base64"),
        pytest.param(b"MAA", 400, id="bad-padding"),
        pytest.param(b"MAA=", 400, id="empty-sequence"),
        pytest.param("Ä".encode(), 400, id="not-ascii"),
        pytest.param(b"\r\n", 400, id="nothing-but-a-line-break"),
        pytest.param(b"A" * 32 * 1024, 400, id="as-long-as-allowed"),
        pytest.param(b"A" * (32 * 1024 + 1), 413, id="one-octet-too-long"),
    ],
)
def test_garbage_at_the_est_door_gets_a_status(
    pki: Any, body: bytes, status: int
) -> None:
    answer = pki.est().post(
        "/.well-known/est/fullcmc",
        data=body,
        content_type="application/pkcs7-mime; smime-type=CMC-request",
    )

    assert answer.status_code == status


def test_a_certs_only_message_is_no_request(pki: Any) -> None:
    answer = pki.est().post(
        "/.well-known/est/fullcmc",
        data=b"MAA=",
        content_type="application/pkcs7-mime; smime-type=certs-only",
    )

    assert answer.status_code == 415
