"""A credential is made, used, renewed and ended; what each leaves behind."""

import hashlib
from base64 import b64decode
from datetime import timedelta
from typing import TypeAlias

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.verifying import require_signature
from openid4vp.transaction_data import signing_credential_of
from sam import audit, errors
from sam import messages as m
from sam.credentials.schemes import device_scheme, hash_name
from tests.sam.callers import Holder
from tests.sam.credentials.holding import (
    approved_with,
    identified,
    make,
    of_erika,
    sign_with,
)
from tests.sam.files import prepared
from tests.sam.world import World

Algorithm: TypeAlias = m.CredentialAlgorithm
Scheme: TypeAlias = m.SignatureScheme
WAYS = [
    (Algorithm.P256, None, Scheme.ECDSA_SHA256),
    (Algorithm.P384, None, Scheme.ECDSA_SHA384),
    (Algorithm.RSA3072, None, Scheme.RSA_PSS_SHA256),
    (Algorithm.RSA4096, Scheme.RSA_PKCS1_SHA256, Scheme.RSA_PKCS1_SHA256),
]


def message_digest(signature: m.Signature) -> bytes:
    attributes = cms.CMSAttributes.load(b64decode(signature.signed_attributes))
    values = {a["type"].native: a["values"].native for a in attributes}
    digest: bytes = values["message_digest"][0]
    return digest


def ranged(content: bytes) -> bytes:
    """What a signature of ``content`` covers."""
    before, hole, after = content.partition(b"<" + b"0" * 64 + b">")
    assert hole
    return before + after


@pytest.mark.parametrize(("algorithm", "asked", "scheme"), WAYS)
def test_a_document_is_signed_with_a_credential(
    world: World,
    erika: Holder,
    algorithm: Algorithm,
    asked: Scheme | None,
    scheme: Scheme,
) -> None:
    handle = identified(world, erika)
    made = world.client.make_credential(handle, algorithm)
    files = prepared(b"%PDF a lease"), prepared(b"%PDF a letter")

    tx = world.approved(
        erika, *files, handle=handle, credential=made.credential_id, scheme=asked
    )
    finished = world.finish(tx)

    assert finished.scheme == scheme
    assert finished.certificate_chain == made.certificate_chain
    leaf = x509.load_der_x509_certificate(b64decode(made.certificate_chain[0]))
    key = leaf.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    name = hash_name(scheme)
    for content, signature in zip(files, finished.signatures, strict=True):
        covered = hashlib.new(name, ranged(content)).digest()
        assert message_digest(signature) == covered
        signed = hashlib.new(name, b64decode(signature.signed_attributes)).digest()
        require_signature(
            key, device_scheme(scheme), signed, b64decode(signature.signature)
        )


def test_a_wallet_is_asked_for_this_very_credential(
    world: World, erika: Holder
) -> None:
    handle, made = of_erika(world, erika)

    opened = world.open_sign(handle=handle, credential=made.credential_id)

    assert signing_credential_of(opened.transaction_data) == made.credential_id


def test_a_key_is_made_where_no_credential_is_chosen(
    world: World, erika: Holder
) -> None:
    handle, made = of_erika(world, erika)

    finished = world.finish(world.approved(erika, handle=handle))

    assert finished.certificate_chain != made.certificate_chain
    assert world.ends_of_keys() == ["destroyed"]


def test_a_credential_signs_as_often_as_it_is_approved(
    world: World, erika: Holder
) -> None:
    handle, made = of_erika(world, erika)

    first, second = (
        sign_with(world, erika, handle, made.credential_id) for _ in range(2)
    )

    assert first.certificate_chain == second.certificate_chain
    assert [r.number for r in world.client.releases(0).releases] == [1, 2]
    assert world.device.one_time_keys() == ()


def test_a_result_is_the_same_bytes_for_ever(world: World, erika: Holder) -> None:
    handle, made = of_erika(world, erika)
    tx = approved_with(world, erika, handle, made.credential_id)
    first, before = world.finish(tx), world.key_operations
    world.client.delete_credential(
        m.DeleteCredential(handle=handle, credential_id=made.credential_id)
    )

    assert world.finish(tx) == first
    assert world.key_operations == before


def test_a_handle_makes_one_credential_and_gets_it_again(
    world: World, erika: Holder
) -> None:
    handle = identified(world, erika)
    made = world.client.make_credential(handle)
    before = world.key_operations

    assert world.client.make_credential(handle) == made
    assert world.client.make_credential(handle, made.algorithm) == made
    with pytest.raises(errors.CredentialAlreadyMadeError):
        world.client.make_credential(handle, Algorithm.P384)
    assert world.key_operations == before


def test_a_credential_needs_the_grant(world: World, erika: Holder) -> None:
    with pytest.raises(errors.NotGrantedError):
        world.client.make_credential(world.identify(erika, m.Grant.PASS))


def test_an_identification_is_good_for_a_credential_all_its_thirty_minutes(
    world: World, erika: Holder
) -> None:
    """Its transaction was closed after ten, and its subject emptied."""
    handle = identified(world, erika)
    world.clock.pass_by(minutes=29)

    assert world.client.make_credential(handle).state == m.CredentialState.ACTIVE
    world.clock.pass_by(minutes=2)
    with pytest.raises(errors.UnknownHandleError):
        world.client.list_credentials(handle)


def test_a_person_sees_their_own_credentials_the_youngest_first(
    world: World, erika: Holder, asa: Holder
) -> None:
    first = make(world, erika)
    make(world, asa)
    world.clock.pass_by(minutes=1)
    second = make(world, erika)

    listed = world.client.list_credentials(world.identify(erika)).credentials

    assert [c.credential_id for c in listed] == [
        second.credential_id,
        first.credential_id,
    ]
    assert listed[0].expires_at - world.clock.now == timedelta(days=365)


def test_a_renewed_credential_has_a_new_key_and_the_older_one_ended(
    world: World, erika: Holder
) -> None:
    _, older = of_erika(world, erika)
    handle = identified(world, erika)
    call = m.RenewCredential(handle=handle, credential_id=older.credential_id)

    newer = world.client.renew_credential(call)

    assert newer.replaces == older.credential_id
    assert newer.certificate_chain[0] != older.certificate_chain[0]
    assert world.client.renew_credential(call) == newer
    states = {
        c.credential_id: c.state
        for c in world.client.list_credentials(handle).credentials
    }
    assert states == {newer.credential_id: "active", older.credential_id: "replaced"}
    with pytest.raises(errors.CredentialEndedError):
        world.open_sign(handle=handle, credential=older.credential_id)
    assert sign_with(world, erika, handle, newer.credential_id).release


def test_only_what_can_be_used_is_renewed(world: World, erika: Holder) -> None:
    handle, made = of_erika(world, erika)
    again = identified(world, erika)
    world.client.revoke_credential(
        m.RevokeCredential(handle=handle, credential_id=made.credential_id)
    )

    with pytest.raises(errors.CredentialEndedError):
        world.client.renew_credential(
            m.RenewCredential(handle=again, credential_id=made.credential_id)
        )


def test_revoking_twice_is_revoking_once(world: World, erika: Holder) -> None:
    handle, made = of_erika(world, erika)
    call = m.RevokeCredential(handle=handle, credential_id=made.credential_id)

    for _ in range(2):
        assert world.client.revoke_credential(call).credential_id == made.credential_id

    assert len(world.audited(audit.Event.CREDENTIAL_REVOKED)) == 1
    (held,) = world.client.list_credentials(handle).credentials
    assert held.state == "revoked"


def test_a_deleted_credential_is_nobodys(world: World, erika: Holder) -> None:
    handle, made = of_erika(world, erika)
    call = m.DeleteCredential(handle=handle, credential_id=made.credential_id)

    world.client.delete_credential(call)

    assert world.client.list_credentials(handle).credentials == ()
    with pytest.raises(errors.UnknownCredentialError):
        world.client.delete_credential(call)


def test_a_credential_outlives_the_process(world: World, erika: Holder) -> None:
    handle, made = of_erika(world, erika)
    world.restart()

    assert sign_with(world, erika, handle, made.credential_id).release == 1


def test_evidence_and_log_say_which_credential_signed(
    world: World, erika: Holder
) -> None:
    handle, made = of_erika(world, erika)

    finished = sign_with(world, erika, handle, made.credential_id)

    assert made.credential_id in finished.evidence["statement.json"]
    assert "one-time key is destroyed" not in finished.evidence["statement.json"]
    (released,) = world.audited(audit.Event.SIGNATURE_RELEASED)
    assert made.credential_id in released
    with world.sam.database.begin() as connection:
        assert audit.verify_chain(audit.records(connection))
