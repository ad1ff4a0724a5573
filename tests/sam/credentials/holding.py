"""People with credentials: what the tests of ``sam.credentials`` begin with."""

from sam import messages as m
from tests.sam.callers import Callers, Holder


def identified(world: Callers, person: Holder) -> str:
    """A handle that may make a credential."""
    return world.identify(person, m.Grant.PASS, m.Grant.CREDENTIAL)


def make(
    world: Callers, person: Holder, algorithm: m.CredentialAlgorithm | None = None
) -> m.HeldCredential:
    return world.client.make_credential(identified(world, person), algorithm)


def approved_with(
    world: Callers, person: Holder, handle: str, credential: str, **call: object
) -> str:
    """A transaction that ``person`` approved, of a document and this credential."""
    return world.approved(person, handle=handle, credential=credential, **call)


def sign_with(
    world: Callers, person: Holder, handle: str, credential: str, **call: object
) -> m.Finished:
    return world.finish(approved_with(world, person, handle, credential, **call))


def of_erika(world: Callers, erika: Holder) -> tuple[str, m.HeldCredential]:
    """Her handle and the credential that it made."""
    handle = identified(world, erika)
    return handle, world.client.make_credential(handle)
