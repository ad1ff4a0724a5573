"""Ways in which a hostile web tier might get a signature, a certificate or a PID.

Each attack asserts what stops it. What none of them may yield is counted outside, by
the caller: signatures released, operations with a signer's key, certificates issued.
"""

import hashlib
import io
import threading
from collections.abc import Callable
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services import csr
from app.trust_services.installation import Installation
from app.trust_services.setup import set_up
from hsm.memory_device import MemoryDevice
from hsm.port import ServiceKey
from openid4vp.transaction_data import DocumentDigest, QesApprovalRequest
from sam import errors, setup
from sam import messages as m
from sam.cmc import EstClient
from sam.errors import SamUnavailableError
from tests.red_team.stage import Stage
from tests.sam.files import described, prepared
from wallet_emulator import answer, dcql
from wallet_emulator.answer import Draft
from wallet_emulator.answer import Stage as Step
from wallet_emulator.deviations import DEVIATIONS
from wallet_emulator.encoding import b64url
from wallet_emulator.persons import PERSONS
from wallet_emulator.wallet import SIGNING_PASS

Attack = Callable[[Stage], None]
REFUSED = errors.AnswerRefusedError


def redeem_the_offer_with_an_own_wallet(stage: Stage) -> None:
    """The victim identifies; the attacker takes the pass and approves with it."""
    victim = stage.person("erika", holds_pass=False)
    thief = stage.person("asa", holds_pass=False)
    thief.take_pass(stage.identify(victim))
    tx = stage.open_sign().tx
    with pytest.raises(REFUSED):
        stage.submit(tx, thief.answer(tx))
    with pytest.raises(errors.NotVerifiedError):
        stage.finish(tx)


def a_stolen_pass_with_the_login_pid(stage: Stage) -> None:
    """The stolen pass, and beside it the PID presentation of the victim's login."""
    victim = stage.person("erika", holds_pass=False)
    thief = stage.person("asa", holds_pass=False)
    thief.take_pass(stage.identify(victim))
    login_pid = victim.wallet.earlier_answer()["pid"]

    def put_login_pid(step: Step, draft: Draft) -> None:
        if step is Step.VP_TOKEN:
            draft.vp_token["pid"] = login_pid

    tx = stage.open_sign().tx
    with pytest.raises(REFUSED):
        stage.submit(tx, thief.answer(tx, put_login_pid))


def approve_with_the_pass_alone(stage: Stage) -> None:
    holder = stage.person("asa")

    def drop_pid(step: Step, draft: Draft) -> None:
        if step is Step.VP_TOKEN:
            del draft.vp_token["pid"]

    tx = stage.open_sign().tx
    with pytest.raises(REFUSED):
        stage.submit(tx, holder.answer(tx, drop_pid))


def approve_with_the_pid_alone(stage: Stage) -> None:
    """The PID key signs the transaction data, which no PID may."""
    holder = stage.person("asa")
    change = DEVIATIONS["approval-on-pid-only"].change()
    tx = stage.open_sign().tx
    with pytest.raises(REFUSED):
        stage.submit(tx, holder.answer(tx, change))


def login_answer_as_approval(stage: Stage) -> None:
    """The very bytes of a login, posted to a signing transaction."""
    victim = stage.person("erika")
    opened = stage.client.open_identify(m.OpenIdentify(grants=(m.Grant.PASS,)))
    login = victim.answer(opened.tx)
    stage.submit(opened.tx, login)
    tx = stage.open_sign().tx
    with pytest.raises(REFUSED):
        stage.submit(tx, login)
    with pytest.raises(errors.NotVerifiedError):
        stage.finish(opened.tx)


def replay_an_approval_on_another_document(stage: Stage) -> None:
    victim = stage.person("erika")
    first = stage.open_sign(prepared(b"%PDF lunch menu")).tx
    approval = victim.answer(first)
    stage.submit(first, approval)
    stage.client.abort(first)
    loan = stage.open_sign(prepared(b"%PDF loan contract")).tx
    with pytest.raises(REFUSED):
        stage.submit(loan, approval)
    with pytest.raises(errors.TransactionClosedError):
        stage.finish(first)


def swap_the_document_after_the_approval(stage: Stage) -> None:
    """No call takes a digest after opening; a second open is another transaction."""
    victim = stage.person("erika")
    tx = stage.approved(victim, prepared(b"%PDF lunch menu"))
    loan = described(prepared(b"%PDF loan contract"))
    for body in (
        {"tx": tx, "digests": ["00" * 32]},
        {"tx": tx, "sdr": "00" * 32},
        {"tx": tx, "documents": [loan.model_dump()]},
    ):
        assert stage.raw("finish", body).json()["code"] == "malformed_call"
    stage.client.abort(tx)


def finish_without_approval(stage: Stage) -> None:
    victim = stage.person("erika")
    tx = stage.open_sign().tx
    with pytest.raises(errors.NotVerifiedError):
        stage.finish(tx)
    stage.client.abort(tx)
    with pytest.raises(errors.TransactionClosedError):
        stage.finish(tx)
    closed = stage.approved(victim)
    stage.client.abort(closed)
    with pytest.raises(errors.TransactionClosedError):
        stage.finish(closed)
    with pytest.raises(errors.UnknownTransactionError):
        stage.finish("x" * 32)


def sign_under_another_signers_handle(stage: Stage) -> None:
    """The victim's handle opens the transaction; the attacker's wallet answers."""
    victim, thief = stage.person("erika"), stage.person("asa")
    tx = stage.open_sign(handle=stage.identify(victim)).tx
    with pytest.raises(REFUSED):
        stage.submit(tx, thief.answer(tx))
    assert stage.client.status(tx).state is m.State.OPEN
    stage.client.abort(tx)


def take_a_second_pass_on_one_handle(stage: Stage) -> None:
    victim, thief = stage.person("erika", holds_pass=False), stage.person("asa")
    handle = stage.identify(victim)
    victim.take_pass(handle)
    with pytest.raises(errors.PassAlreadyIssuedError):
        thief.take_pass(handle)
    held = thief.wallet.credential(SIGNING_PASS)
    assert held is not None
    proof = thief.proof(held.key)
    call = m.IssuePass(handle=stage.identify(victim), proof=proof)
    with pytest.raises(errors.ProofRefusedError):
        stage.client.issue_pass(call)


def a_pass_for_the_key_of_the_pid(stage: Stage) -> None:
    victim = stage.person("erika", holds_pass=False)
    handle = stage.identify(victim)
    call = m.IssuePass(handle=handle, proof=victim.proof(victim.pid_key))
    with pytest.raises(errors.ProofRefusedError):
        stage.client.issue_pass(call)


def choose_what_only_the_sam_may_choose(stage: Stage) -> None:
    """Nonce, key, query, signer and verdict have no place in any call."""
    tx = stage.open_sign().tx
    for call, body in (
        ("open_identify", {"grants": [], "nonce": "n" * 43}),
        ("open_identify", {"grants": [], "dcql_query": {"credentials": []}}),
        ("open_identify", {"grants": ["administer"]}),
        ("request", {"tx": tx, "transaction_data": ["e30"]}),
        ("submit", {"tx": tx, "body": "", "verified": True}),
        ("finish", {"tx": tx, "signer_id": "00" * 32}),
        ("finish", {"tx": tx, "key_id": "00" * 16}),
        ("sign", {"tx": tx, "hash": "00" * 32}),
        ("issue_pass", {"signer_id": "00" * 32, "proof": "x"}),
    ):
        assert stage.raw(call, body).json()["code"] == "malformed_call"
    stage.client.abort(tx)


def deceive_by_the_label(stage: Stage) -> None:
    """Whatever the name, the wallet shows TEST, one name and the SAM's own code."""
    victim = stage.person("erika")
    for name in (
        "menu.pdf · 1234 5678",
        "private · menu.pdf",
        "menu\u202efdp.exe",
        "unverified: ministry\n\nTEST · x · 1111 2222",
        "a" * 255,
        "\u200b\u2066\u0000",
    ):
        content = prepared(b"%PDF loan contract")
        call = m.OpenSign(documents=(described(content, name=name),))
        opened = stage.client.open_sign(call, [io.BytesIO(content)])
        (shown,) = victim.request(opened.tx).transaction_data[0].documents
        marks = shown.label.split(" · ")
        assert marks[0] == "TEST"
        assert marks[-1] == opened.documents[0].code
        assert len(marks) == 3
        assert shown.label.isprintable()
        assert len(shown.label) <= 80
        stage.client.abort(opened.tx)


def race_two_answers(stage: Stage) -> None:
    """Two people answer one request at once: one of them is the signer, never both."""
    people = [stage.person("erika"), stage.person("asa")]
    tx = stage.open_sign().tx
    bodies = [person.answer(tx) for person in people]
    barrier, outcomes = threading.Barrier(2), list[str]()

    def post(body: str) -> None:
        barrier.wait(10)
        try:
            outcomes.append(stage.submit(tx, body).outcome)
        except errors.AlreadyAnsweredError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=post, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["already_answered", "approved"]
    stage.client.abort(tx)


def harvest_the_pid(stage: Stage) -> None:
    """All the SAM says around an identification, searched for what the PID holds."""
    victim = stage.person("erika", holds_pass=False)
    rule = m.MatchRule(claim="birthdate", equals="1984-08-12")
    opened = stage.client.open_identify(
        m.OpenIdentify(grants=(m.Grant.PASS,), match_rules=(rule,))
    )
    request = stage.client.request(m.Request(tx=opened.tx)).request_object
    body = victim.answer(opened.tx)
    submitted = stage.submit(opened.tx, body)
    said = [
        request,
        body,
        submitted.model_dump_json(exclude={"display_name"}),
        stage.client.status(opened.tx).model_dump_json(),
        stage.client.info().model_dump_json(),
        stage.client.releases(0).model_dump_json(),
    ]
    erika = PERSONS["erika"]
    secrets = [
        erika.family_name,
        erika.birthdate,
        erika.personal_administrative_number,
        erika.document_number,
    ]
    assert submitted.match is True
    assert [s for s in secrets if s and any(s in text for text in said)] == []


def ask_too_much_by_match_rules(stage: Stage) -> None:
    """Five equalities at most, over claims of a short list, one verdict for all."""
    rules = [{"claim": "birthdate", "equals": "1984-08-12"}] * 6
    portrait = [{"claim": "picture", "equals": "x"}]
    for asked in (rules, portrait):
        body = {"grants": [], "match_rules": asked}
        assert stage.raw("open_identify", body).json()["code"] == "malformed_call"


def a_certificate_without_the_sam(stage: Stage) -> None:
    """Ask the CA directly, under a registration authority of the attacker's own."""
    device, own = MemoryDevice(), stage.folder / "own-ca"
    set_up(own, est_url=None, public_url=None, now=stage.watch.now)
    request = setup.certificate_request(device, ServiceKey.REGISTRATION_AUTHORITY)
    (leaf, _) = Installation.open(own).certify(
        "registration-authority", csr.parse(request), stage.watch.now, host="localhost"
    )
    forged = leaf.public_bytes(Encoding.DER)
    url = stage.layout.config.est_url
    own_key = setup.certificate_request(device, ServiceKey.PASS_ISSUING)
    with (
        httpx.Client(base_url=url, verify=False, timeout=10) as http,  # noqa: S501
        pytest.raises(SamUnavailableError, match="answered 403"),
    ):
        EstClient(http, device, forged).certify(own_key, 1)


def close_by_wallet_errors(stage: Stage) -> None:
    """Anyone can post an error: it closes nothing, and the honest answer counts."""
    victim = stage.person("erika")
    tx = stage.open_sign().tx
    state = victim.request(tx).state
    for _ in range(20):
        form = urlencode({"error": "access_denied", "state": state})
        assert stage.submit(tx, form).outcome == "wallet_error"
    assert stage.submit(tx, victim.answer(tx)).outcome == "approved"
    stage.client.abort(tx)


def a_request_of_the_attackers_own(stage: Stage) -> None:
    """A transaction data string of the attacker's, approved over the SAM's nonce."""
    holder = stage.person("asa")
    tx = stage.open_sign(prepared(b"%PDF lunch menu")).tx
    other = QesApprovalRequest(
        credential_ids=("signing_pass",),
        qualifier="eu_eidas_aes",
        documents=(DocumentDigest(label="x", hash=bytes(32), hash_type="sdr"),),
    ).encode()
    request = holder.request(tx)
    matches = dcql.match(request.query, holder.wallet.credentials())
    draft = answer.start(request, matches, holder.wallet, stage.watch.now)

    def approve_other(step: Step, draft: Draft) -> None:
        if step is Step.KEY_BINDING:
            shown = draft.presentations["signing_pass"]
            shown.kb_claims["transaction_data_hashes"] = [_sha256_b64url(other)]

    with pytest.raises(REFUSED):
        stage.submit(tx, urlencode(answer.build(draft, approve_other)))


def _sha256_b64url(text: str) -> str:
    return b64url(hashlib.sha256(text.encode()).digest())


ATTACKS: tuple[Attack, ...] = tuple(
    value
    for name, value in list(globals().items())
    if callable(value)
    and getattr(value, "__module__", "") == __name__
    and not name.startswith("_")
)
