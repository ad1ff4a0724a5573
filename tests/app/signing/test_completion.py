"""What our own validator must say before anybody gets a document."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.ades.documents import Validation
from app.signing.completion import NotValidError, accepted_at, cms_parts
from sam import messages as m

SDR = bytes(range(32))
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
GOOD = Validation(
    valid=True,
    summary="valid",
    sdr=SDR,
    signed_at=AT,
    signer_subject="CN=TEST",
    covers_whole_file=True,
    revocation="not revoked",
    signatures=(),
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"valid": False}, id="not-valid"),
        pytest.param({"covers_whole_file": False}, id="bytes-outside"),
        pytest.param({"sdr": bytes(32)}, id="other-digest"),
        pytest.param({"sdr": b""}, id="no-digest"),
        pytest.param({"signed_at": None}, id="no-time-stamp"),
    ],
)
def test_a_result_that_is_not_wholly_right_is_not_delivered(
    change: dict[str, object],
) -> None:
    with pytest.raises(NotValidError):
        accepted_at(replace(GOOD, **change), SDR.hex())  # type: ignore[arg-type]


def test_a_right_result_gives_the_proven_time() -> None:
    assert accepted_at(GOOD, SDR.hex()) == AT


@pytest.mark.parametrize("count", [0, 2])
def test_another_number_of_signatures_than_one_is_refused(count: int) -> None:
    signature = m.Signature(signed_attributes="MAA=", signature="MAA=")
    finished = m.Finished(
        release=1,
        signer_name="x",
        signatures=(signature,) * count,
        certificate_chain=("MAA=",),
        evidence={},
    )

    with pytest.raises(NotValidError):
        cms_parts(finished, 1)
