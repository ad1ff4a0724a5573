"""Defects of the DeviceResponse around the document, and of where it is put."""

from typing import Final

from wallet_emulator import answer
from wallet_emulator.answer import Draft, Presentation, Stage
from wallet_emulator.deviations.forging import put, require_provider
from wallet_emulator.deviations.mdoc_forging import (
    MALFORMED,
    MISSING,
    UNANSWERED,
    UNSIGNED,
    WRONG_TYPE,
    document,
    forged,
    redraft,
    response,
)
from wallet_emulator.deviations.registry import AlterMdoc, Deviation
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.keys import new_key
from wallet_emulator.mdoc.cbor import members
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.persons import PERSONS, Person
from wallet_emulator.pid_provider import (
    PID_VCT,
    holder_jwk,
    pid_claims,
    pid_elements,
)
from wallet_emulator.wallet import PID, SD_JWT_FORMAT, SIGNING_PASS, HeldCredential


def _put(
    name: str,
    breaks: str,
    expected: str,
    alter: AlterMdoc,
    *,
    stage: Stage = Stage.VP_TOKEN,
    threat: str = "MD3",
    check: str = "50",
) -> Deviation:
    return forged(
        name, breaks, expected, alter, stage=stage, threat=threat, check=check
    )


def _with(**changes: object) -> AlterMdoc:
    return response(lambda made: made.update(changes))


def _without(name: str) -> AlterMdoc:
    def change(made: dict[str, object]) -> None:
        del made[name]

    return response(change)


def _two_documents(made: dict[str, object]) -> None:
    made["documents"] = _documents(made) * 2


def _another_document(made: dict[str, object]) -> None:
    """A document that was not asked for, before the one that was."""
    only = members(_documents(made)[0], "a document")
    made["documents"] = [{**only, "docType": "org.iso.18013.5.1.mDL"}, only]


def _document_alone(made: dict[str, object]) -> object:
    return _documents(made)[0]


def _document_as_map(made: dict[str, object]) -> None:
    made["documents"] = _documents(made)[0]


def _only_errors(made: dict[str, object]) -> None:
    del made["documents"]
    made["documentErrors"] = [{"eu.europa.ec.eudi.pid.1": 0}]


def _documents(made: dict[str, object]) -> list[object]:
    found = made["documents"]
    return list(found) if isinstance(found, list) else []


def _without_issuer_auth(made: dict[str, object]) -> None:
    members(made["issuerSigned"], "issuerSigned").pop("issuerAuth")


def _name_spaces_as_list(made: dict[str, object]) -> None:
    members(made["issuerSigned"], "issuerSigned")["nameSpaces"] = []


def _items_as_map(made: dict[str, object]) -> None:
    signed = members(made["issuerSigned"], "issuerSigned")
    signed["nameSpaces"] = {"eu.europa.ec.eudi.pid.1": {}}


def _items_as_bytes(made: dict[str, object]) -> None:
    """Items that are bytes without tag 24."""
    signed = members(made["issuerSigned"], "issuerSigned")
    signed["nameSpaces"] = {"eu.europa.ec.eudi.pid.1": [b"\xa0"]}


def _sd_jwt_of(
    draft: Draft, target: MdocPresentation, query_id: str, held: HeldCredential
) -> str:
    """An SD-JWT VC honestly bound to this request, with the claims of the mdoc."""
    asked = ((element,) for _space, element in target.paths)
    paths = tuple(path for path in asked if held.has([path]))
    shown = Presentation.start(query_id, held, paths)
    answer.bind(draft, shown)
    return shown.text()


def _sd_jwt_instead(draft: Draft, target: MdocPresentation) -> None:
    held = draft.wallet.credential(PID)
    if held is None:
        raise DeviationNotPossibleError("the wallet holds no PID as SD-JWT VC")
    put(draft, target, _sd_jwt_of(draft, target, target.query_id, held))


def _mdoc_under_sd_jwt(draft: Draft, target: MdocPresentation) -> None:
    """The mdoc answers the query for the PID as SD-JWT VC, and that one only."""
    presented = draft.vp_token.pop(target.query_id)
    draft.vp_token[_sd_jwt_query(draft)] = presented


def _sd_jwt_query(draft: Draft) -> str:
    for asked in draft.request.query.credentials:
        if asked.format == SD_JWT_FORMAT and PID_VCT in asked.types:
            return asked.id
    raise DeviationNotPossibleError("the PID is not asked for as SD-JWT VC")


def _of_two_persons(draft: Draft, target: MdocPresentation) -> None:
    """Beside the mdoc a genuine SD-JWT PID of somebody else."""
    query_id, key = _sd_jwt_query(draft), new_key()
    pid = require_provider(draft).issue(
        pid_claims(_somebody_else(target), draft.now),
        holder_jwk(key.public_key()),
        draft.now,
    )
    held = HeldCredential(kind=PID, sd_jwt=pid, key=key)
    draft.vp_token[query_id] = [_sd_jwt_of(draft, target, query_id, held)]


def _pass_query(draft: Draft) -> str:
    shown = draft.of_kind(SIGNING_PASS)
    if shown is None:
        raise DeviationNotPossibleError("the answer has no signing pass")
    return shown.query_id


def _as_pass(draft: Draft, target: MdocPresentation) -> None:
    draft.vp_token[_pass_query(draft)] = draft.vp_token[target.query_id]


def _pass_type(draft: Draft, target: MdocPresentation) -> None:
    """A genuine mdoc whose document type is the pass's type."""
    shown = draft.of_kind(SIGNING_PASS)
    if shown is None:
        raise DeviationNotPossibleError("the answer has no signing pass")
    made = redraft(draft, target)
    made.mso["docType"] = target.doc_type = target.signed_doc_type = shown.held.type
    target.present(made.sign())
    draft.vp_token[shown.query_id] = [target.text()]


def _somebody_else(target: MdocPresentation) -> Person:
    names = {str(v) for e in target.held.mdoc.elements().values() for v in e.values()}
    return next(p for p in PERSONS.values() if p.family_name not in names)


def _stolen(draft: Draft, target: MdocPresentation) -> None:
    """Another person's genuine mdoc, signed with this wallet's key."""
    elements = pid_elements(_somebody_else(target), draft.now)
    mdoc = require_provider(draft).issue_mdoc(
        elements, new_key().public_key(), draft.now
    )
    target.present(mdoc)


def _another_person(draft: Draft, target: MdocPresentation) -> None:
    """Another person's genuine mdoc with its own key, beside this person's pass."""
    _pass_query(draft)
    elements = pid_elements(_somebody_else(target), draft.now)
    target.device_key = new_key()
    target.present(
        require_provider(draft).issue_mdoc(
            elements, target.device_key.public_key(), draft.now
        )
    )


def _two(draft: Draft, target: MdocPresentation) -> None:
    """Two device responses for one query, each right."""
    put(draft, target, target.text(), target.text())


def _with_sd_jwt(draft: Draft, target: MdocPresentation) -> None:
    held = draft.wallet.credential(PID)
    if held is None:
        raise DeviationNotPossibleError("the wallet holds no PID as SD-JWT VC")
    sd_jwt = _sd_jwt_of(draft, target, target.query_id, held)
    put(draft, target, target.text(), sd_jwt)


RESPONSES: Final = (
    _put(
        "version-2", "the response is of version 2.0", MALFORMED, _with(version="2.0")
    ),
    _put("version-number", "version is a number", WRONG_TYPE, _with(version=1)),
    _put("version-missing", "version is left out", MISSING, _without("version")),
    _put("status-general-error", "status is 10", MALFORMED, _with(status=10)),
    _put("status-text", "status is text", WRONG_TYPE, _with(status="0")),
    _put("status-missing", "status is left out", MISSING, _without("status")),
    _put("documents-missing", "there are no documents", MISSING, _without("documents")),
    _put("documents-empty", "documents is empty", MALFORMED, _with(documents=[])),
    _put(
        "documents-map",
        "documents is the one document",
        WRONG_TYPE,
        response(_document_as_map),
    ),
    _put("documents-null", "the document is null", MALFORMED, _with(documents=[None])),
    _put(
        "documents-twice",
        "the document is there twice",
        MALFORMED,
        response(_two_documents),
    ),
    _put(
        "document-extra",
        "a document that was not asked for comes along",
        MALFORMED,
        response(_another_document),
    ),
    _put(
        "document-errors",
        "documentErrors instead of a document, under status 0",
        MISSING,
        response(_only_errors),
    ),
    _put(
        "document-alone",
        "the document without a DeviceResponse around it",
        MISSING,
        response(_document_alone),
    ),
)
DOCUMENTS: Final = (
    _put(
        "document-without-doctype",
        "the document does not say its type",
        MISSING,
        document(lambda made: made.pop("docType")),
    ),
    _put(
        "document-doctype-number",
        "the document's type is a number",
        WRONG_TYPE,
        document(lambda made: made.update(docType=7)),
    ),
    _put(
        "document-without-issuer-signed",
        "the document holds nothing of the issuer",
        MISSING,
        document(lambda made: made.pop("issuerSigned")),
    ),
    _put(
        "document-without-issuer-auth",
        "the issuer's elements without the issuer's signature",
        MISSING,
        document(_without_issuer_auth),
        check="51",
    ),
    _put(
        "name-spaces-list",
        "the issuer's namespaces are an array",
        WRONG_TYPE,
        document(_name_spaces_as_list),
    ),
    _put("items-map", "a namespace holds a map", WRONG_TYPE, document(_items_as_map)),
    _put(
        "item-not-embedded",
        "an item is not embedded CBOR",
        MALFORMED,
        document(_items_as_bytes),
        check="52",
    ),
)
PLACES: Final = (
    _put(
        "replaced-by-sd-jwt",
        "the SD-JWT VC answers the query for the mdoc",
        MALFORMED,
        _sd_jwt_instead,
        threat="VP19",
        check="32",
    ),
    _put(
        "under-the-sd-jwt-query",
        "the mdoc answers the query for the SD-JWT VC",
        MALFORMED,
        _mdoc_under_sd_jwt,
        threat="VP19",
        check="32",
    ),
    _put(
        "shown-as-pass",
        "the PID as mdoc answers the query for the pass too",
        MALFORMED,
        _as_pass,
        threat="VP19",
        check="32",
    ),
    _put(
        "of-the-passs-type",
        "a genuine mdoc of the pass's type answers for the pass",
        MALFORMED,
        _pass_type,
        threat="VP19",
        check="32",
    ),
    _put(
        "two-device-responses",
        "two device responses for one query",
        UNANSWERED,
        _two,
        threat="VP19",
        check="30",
    ),
    _put(
        "beside-sd-jwt-in-array",
        "mdoc and SD-JWT VC in one array",
        UNANSWERED,
        _with_sd_jwt,
        threat="VP19",
        check="30",
    ),
    _put(
        "and-sd-jwt-of-two-persons",
        "both encodings of the PID, of two persons",
        UNANSWERED,
        _of_two_persons,
        threat="XD3",
        check="65",
    ),
    _put(
        "stolen",
        "another person's genuine mdoc, signed by this phone's key",
        UNSIGNED,
        _stolen,
        stage=Stage.CREDENTIALS,
        threat="MD5",
        check="57",
    ),
    _put(
        "of-another-person",
        "a genuine mdoc of another person beside this person's pass",
        "signer_mismatch",
        _another_person,
        stage=Stage.CREDENTIALS,
        threat="XD3",
        check="65",
    ),
)
