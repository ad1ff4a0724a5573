"""Every way the emulator can say no.

    WalletEmulatorError
    ├─ MalformedError            bytes that are not what they should be
    ├─ RequestNotAuthenticError  nothing was shown, and nothing was posted
    ├─ RequestRefusedError       authentic, but refused: the error may be posted
    ├─ AnswerNotAcceptedError    the verifier did not answer 200 with an object
    ├─ IssuanceError             an offer that did not end in a usable credential
    ├─ CredentialInvalidError    a credential that fails the holder's own checks
    ├─ PeerUnavailableError      no usable HTTP answer from the other side
    ├─ UnexpectedPageError       a web page without the element a person would use
    ├─ DeviationNotPossibleError the deviation lacks something it needs
    ├─ UnknownStatusError        a credential that this provider's lists do not name
    ├─ NotSetUpError             a file that ``pid-provider setup`` makes is missing
    └─ DemoFailedError           the walk did not end in a matching signature

``code`` is stable and fit for scripts; the message is for the person at the terminal.
"""

from typing import ClassVar


class WalletEmulatorError(Exception):
    code: ClassVar[str] = "wallet_emulator_error"


class MalformedError(WalletEmulatorError):
    code = "malformed"


class RequestNotAuthenticError(WalletEmulatorError):
    """The request cannot be attributed to a relying party: stop, stay silent.

    ``check`` names the step of ``wallet_emulator.request`` that failed.
    """

    code = "request_not_authentic"

    def __init__(self, check: str, message: str) -> None:
        super().__init__(f"{check}: {message}")
        self.check = check


class RequestRefusedError(WalletEmulatorError):
    """An authentic request with content a wallet must not answer.

    ``error`` is the OpenID4VP 1.0 §8.5 code that may be posted to the verifier.
    """

    code = "request_refused"

    def __init__(self, error: str, message: str) -> None:
        super().__init__(f"{error}: {message}")
        self.error = error
        self.description = message


class AnswerNotAcceptedError(WalletEmulatorError):
    """The verifier refused the answer; ``status`` and ``body`` are what it sent."""

    code = "answer_not_accepted"

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"the verifier answered {status}: {body}")
        self.status = status
        self.body = body


class IssuanceError(WalletEmulatorError):
    code = "issuance_failed"


class CredentialInvalidError(WalletEmulatorError):
    code = "credential_invalid"


class PeerUnavailableError(WalletEmulatorError):
    code = "peer_unavailable"


class UnexpectedPageError(WalletEmulatorError):
    code = "unexpected_page"


class DeviationNotPossibleError(WalletEmulatorError):
    code = "deviation_not_possible"


class UnknownStatusError(WalletEmulatorError):
    code = "unknown_status"


class NotSetUpError(WalletEmulatorError):
    code = "not_set_up"


class DemoFailedError(WalletEmulatorError):
    code = "demo_failed"
