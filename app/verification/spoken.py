"""A judgement as text for a terminal: plain words, 80 columns, no colour."""

from collections.abc import Iterator

from app.verification.report import wrapped
from app.verification.signed_file import DOES_NOT_PROVE, Judgement, Signer


def spoken(judgement: Judgement, name: str) -> Iterator[str]:
    headline = judgement.headline
    yield f"{headline} (TEST — no legal effect)" if judgement.test else headline
    yield wrapped("", _subject(judgement, name))
    for number, signer in enumerate(judgement.signers, start=1):
        yield ""
        yield from _signer(number, signer)
    yield ""
    yield "SHA-256 of the file"
    yield f"   {judgement.fingerprint}"
    if judgement.signers:
        yield ""
        yield wrapped("", DOES_NOT_PROVE)


def _subject(judgement: Judgement, name: str) -> str:
    if not judgement.verdict.good:
        return f"{name}: {judgement.reason}"
    if judgement.whole:
        return f"{name} was not changed since the last signature."
    return f"{name}: something was added later, of a kind the last signature allows."


def _signer(number: int, signer: Signer) -> Iterator[str]:
    lead = f"{number}  "
    mark = "valid" if signer.verdict.good else "NOT VALID OR NOT SURE"
    yield wrapped(lead, f"{signer.name} — {mark}")
    sentences = [f"Issued by {signer.issuer}."]
    if not signer.verdict.good:
        sentences.insert(0, f"{signer.reason} The name is only what the file says.")
    sentences += [_time(signer), _covers(signer), f"Revocation: {signer.revocation}."]
    if signer.claims_qualified and signer.verdict.good:
        sentences.append(
            "The certificate says the signature is qualified. That was not compared"
            " with the EU trusted lists."
        )
    for sentence in sentences:
        yield wrapped(" " * len(lead), sentence)


def _time(signer: Signer) -> str:
    if signer.signed_at is None:
        return "When: not proven, there is no time stamp to rely on."
    return f"Signed {signer.signed_at:%Y-%m-%d %H:%M:%S} UTC, proven by a time stamp."


def _covers(signer: Signer) -> str:
    if signer.covers_whole_file:
        return "Covers the whole document."
    if signer.last:
        return "Covers the document without what was added later."
    return "Covers the document as it was then; it was signed again later."
