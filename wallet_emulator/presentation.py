"""One presentation from the link to the verifier's reply.

1. read the link, fetch the request object
2. authenticate the request              otherwise silence
3. read it, find matching credentials    otherwise post the error
4. show it and wait for a decision       declined: post access_denied
5. build the answer and encrypt it
6. post it; the reply may name a page for the person's browser to open
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import httpx
from cryptography import x509

from wallet_emulator import answer, dcql, transport
from wallet_emulator.answer import Change, no_change
from wallet_emulator.consent import Consent, Decide, Decision, consent_for
from wallet_emulator.encoding import parse_json_object
from wallet_emulator.errors import (
    AnswerNotAcceptedError,
    MalformedError,
    PeerUnavailableError,
    RequestRefusedError,
)
from wallet_emulator.link import (
    AuthorizationLink,
    fetch_request,
    parse_authorization_link,
)
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.request import (
    AuthenticRequest,
    VerifiedRequest,
    authenticate,
    read,
)
from wallet_emulator.wallet import Held, Wallet
from wallet_emulator.wallet_kinds import EMULATOR, WalletKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A verified request and what would answer it: the matter of step 4.

    ``choices`` are the formats the person may choose from, none or at least two;
    ``prefer`` the one that was preferred.
    """

    request: VerifiedRequest
    matches: Mapping[str, dcql.Match]
    choices: tuple[str, ...] = ()
    prefer: str | None = None

    @property
    def consent(self) -> Consent:
        return consent_for(self.request, self.matches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the person saw, what they decided, and where their browser goes next."""

    consent: Consent
    decision: Decision
    redirect_uri: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presenter:
    """A wallet that can answer requests: ``present`` in one go, or step by step.

    ``fetch`` (1, 2) and ``consider`` (3) send nothing of the holder's; ``refuse`` (3)
    and ``answer`` (5, 6) do, and come after a decision.

    ``access_roots`` are the only roots that vouch for relying parties. ``prefer`` is
    the format to answer in where both are asked. ``change`` and ``adapt_link`` are the
    two places where a deviation may interfere. ``kind``: as which wallet it reads
    requests, and what of an answer it leaves out.
    """

    wallet: Wallet
    access_roots: Sequence[x509.Certificate]
    http: httpx.Client
    clock: Callable[[], datetime]
    prefer: str | None = None
    change: Change = no_change
    adapt_link: Callable[[AuthorizationLink], AuthorizationLink] = lambda link: link
    provider: PidProvider | None = None
    accomplice: Wallet | None = None
    encrypt_errors: bool = True
    kind: WalletKind = EMULATOR

    def present(self, link: str, decide: Decide) -> Outcome:
        """Answer the request behind ``link`` as ``decide`` says.

        Raises:
            RequestNotAuthenticError: nothing was shown or posted.
            RequestRefusedError: nothing was shown; the error was posted.
            AnswerNotAcceptedError: the verifier refused the answer.
            PeerUnavailableError: there was no reply to the answer.
        """
        authentic = self.fetch(link)
        try:
            asked = self.consider(authentic)
        except RequestRefusedError as refusal:
            self.refuse(authentic, refusal)
            raise
        return self.answer(asked, decide(asked.consent))

    def fetch(self, link: str) -> AuthenticRequest:
        """Steps 1 and 2: who asks.

        Raises:
            RequestNotAuthenticError: stay silent.
        """
        parsed = self.adapt_link(parse_authorization_link(link, self.kind))
        fetched = fetch_request(self.http, parsed)
        return authenticate(fetched, self.access_roots, self.clock())

    def consider(self, authentic: AuthenticRequest) -> Asked:
        """Step 3: what is asked, and what of the wallet's would answer it.

        Raises:
            RequestRefusedError: ``refuse`` may tell the verifier.
        """
        request = read(authentic, self.kind)
        held = self._usable_credentials()
        return Asked(
            request=request,
            matches=dcql.match(request.query, held, prefer=self.prefer),
            choices=dcql.choices(request.query, held),
            prefer=self.prefer,
        )

    def answer(self, asked: Asked, decision: Decision) -> Outcome:
        """Steps 5 and 6.

        Raises:
            AnswerNotAcceptedError: the verifier refused the answer.
            PeerUnavailableError: there was no reply to the answer.
        """
        if decision is Decision.ALLOW:
            form = self._answer(asked.request, asked.matches)
        else:
            form = answer.error_form(
                asked.request,
                "access_denied",
                "the person declined",
                encrypted=self.encrypt_errors,
            )
        redirect_uri = post_answer(self.http, asked.request.response_uri, form)
        return Outcome(
            consent=asked.consent, decision=decision, redirect_uri=redirect_uri
        )

    def _usable_credentials(self) -> tuple[Held, ...]:
        now = self.clock()
        return tuple(c for c in self.wallet.credentials() if c.usable_at(now))

    def _answer(
        self, request: VerifiedRequest, matches: Mapping[str, dcql.Match]
    ) -> dict[str, str]:
        draft = answer.start(request, matches, self.wallet, self.clock())
        draft.provider = self.provider
        draft.accomplice = self.accomplice
        form = answer.build(draft, self.change)
        if self.change is no_change:
            self.wallet.remember_answer(draft.vp_token)
        return form

    def refuse(self, authentic: AuthenticRequest, refusal: RequestRefusedError) -> None:
        """Plain (§8.3 allows it): the metadata to encrypt to may be what is wrong."""
        fields = {"error": refusal.error, "error_description": refusal.description}
        state = authentic.parameters.get("state")
        if isinstance(state, str):
            fields["state"] = state
        # its reply changes nothing; a verifier that is gone must not hide the refusal
        with suppress(PeerUnavailableError):
            transport.post_form(self.http, authentic.response_uri, fields)


def post_answer(
    http: httpx.Client, response_uri: str, form: Mapping[str, str]
) -> str | None:
    """Post the form; the ``redirect_uri`` of the reply, if there is one (§8.2).

    Raises:
        AnswerNotAcceptedError: not 200 with a JSON object.
        PeerUnavailableError: no reply.
    """
    reply = transport.post_form(http, response_uri, form)
    if reply.status != httpx.codes.OK:
        raise AnswerNotAcceptedError(reply.status, reply.text)
    try:
        redirect_uri = parse_json_object(reply.body).get("redirect_uri")
    except MalformedError as error:
        raise AnswerNotAcceptedError(reply.status, reply.text) from error
    return redirect_uri if isinstance(redirect_uri, str) else None
