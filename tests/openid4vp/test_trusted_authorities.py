"""Whose issuers a query accepts: asked of the wallet, and checked again."""

import base64
from dataclasses import replace

import pytest
from cryptography import x509

from openid4vp import errors as e
from openid4vp.dcql import MSO_MDOC, CredentialQuery, TrustedAuthority
from tests.openid4vp import mdoc_builder, wallet
from tests.openid4vp.either import MDOC_QUERY, answered, asking, mdoc, pid, verify
from tests.openid4vp.scene import PID_QUERY
from tests.openid4vp.wallet import Answer

KEY_ID = b"key of the PID CA"
AKI = TrustedAuthority(values=("AAAA", wallet.b64(KEY_ID)))
OTHER = TrustedAuthority(values=(wallet.b64(b"another key"),))


def leaf(*identifiers: bytes | None) -> x509.Certificate:
    """The PID provider's certificate, which names the key of its issuer, or not."""
    extensions = tuple(
        (x509.AuthorityKeyIdentifier(identifier, None, None), False)
        if identifier is not None
        else (
            x509.AuthorityKeyIdentifier(
                None, [x509.DNSName("ca.example")], x509.random_serial_number()
            ),
            False,
        )
        for identifier in identifiers
    )
    return wallet.leaf("TEST PID provider", issuer="TEST PID CA", extensions=extensions)


def presented_under(
    signer: x509.Certificate, query: CredentialQuery, *authorities: TrustedAuthority
) -> Answer:
    transaction = asking(replace(query, trusted_authorities=authorities))
    chain = (signer, wallet.PID_CA)
    if query.format == MSO_MDOC:
        held = mdoc(transaction)
        held.chain = mdoc_builder.der(*chain)
        return answered(transaction, pid_mdoc=[held])
    jwt = pid(transaction)
    jwt.header["x5c"] = wallet.x5c(*chain)
    return answered(transaction, pid=[jwt])


BOTH = pytest.mark.parametrize("query", [PID_QUERY, MDOC_QUERY], ids=lambda q: q.format)


@BOTH
@pytest.mark.parametrize("authorities", [(), (AKI,), (OTHER, AKI)], ids=len)
def test_a_chain_of_a_requested_authority_is_accepted(
    query: CredentialQuery, authorities: tuple[TrustedAuthority, ...]
) -> None:
    verified = verify(presented_under(leaf(KEY_ID), query, *authorities))

    assert verified.credentials.keys() == {query.id}


@BOTH
@pytest.mark.parametrize(
    "signer",
    [
        pytest.param(leaf(b"somebody else's"), id="of-another"),
        pytest.param(leaf(), id="that-names-none"),
        pytest.param(leaf(None), id="that-names-no-key"),
    ],
)
def test_a_chain_of_no_requested_authority_is_refused(
    query: CredentialQuery, signer: x509.Certificate
) -> None:
    with pytest.raises(e.IssuerNotTrustedError, match="requested authority"):
        verify(presented_under(signer, query, AKI, OTHER))


@BOTH
def test_a_requested_authority_is_no_trust_anchor(query: CredentialQuery) -> None:
    """Whoever makes a certificate can write any key identifier into it."""
    rogue = wallet.certificate(
        "TEST PID provider",
        issuer="TEST PID CA",
        signer=wallet.key("rogue"),
        extensions=((x509.AuthorityKeyIdentifier(KEY_ID, None, None), False),),
    )

    with pytest.raises(e.IssuerNotTrustedError, match="no path"):
        verify(presented_under(rogue, query, AKI))


def test_an_authority_is_found_anywhere_in_the_chain() -> None:
    assert AKI.matches((leaf(), leaf(KEY_ID)))


def test_a_certificate_that_cannot_be_read_is_of_no_authority() -> None:
    """Extensions are parsed when they are first read."""
    der = base64.b64decode(wallet.x5c(leaf(KEY_ID))[0])
    broken = der.replace(b"\x80\x11" + KEY_ID, b"\x8f\x11" + KEY_ID)
    assert broken != der

    assert not AKI.matches((x509.load_der_x509_certificate(broken),))
