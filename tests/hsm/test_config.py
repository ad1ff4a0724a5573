from pathlib import Path

import pytest
from pydantic import ValidationError

from hsm.config import HsmConfig

GOOD = {"module": "/lib/hsm.so", "token_label": "qes", "pin_file": "/run/pin"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"token_label": ""}, id="no-label"),
        pytest.param({"token_label": "x" * 33}, id="label-too-long"),
        pytest.param({"token_label": "é" * 17}, id="label-too-long-in-bytes"),
        pytest.param({"token_label": "qes "}, id="label-with-padding"),
        pytest.param({"busy_timeout": 0}, id="no-patience"),
        pytest.param({"busy_timeout": 61}, id="endless-patience"),
        pytest.param({"pin": "1234"}, id="a-pin"),
    ],
)
def test_a_configuration_with_one_bad_member_is_refused(
    change: dict[str, object],
) -> None:
    with pytest.raises(ValidationError):
        HsmConfig.model_validate({**GOOD, **change})


def test_the_unchanged_configuration_is_accepted() -> None:
    """Guards the table above."""
    assert HsmConfig.model_validate(GOOD).token_label == "qes"


def test_a_label_of_32_bytes_is_accepted() -> None:
    assert HsmConfig.model_validate({**GOOD, "token_label": "é" * 16})


def test_a_relative_path_is_fixed_at_construction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = HsmConfig.model_validate({**GOOD, "pin_file": "var/sam/pin"})
    monkeypatch.chdir("/")

    assert config.pin_file == tmp_path / "var/sam/pin"


def test_a_configuration_does_not_change() -> None:
    config = HsmConfig.model_validate(GOOD)

    with pytest.raises(ValidationError):
        config.token_label = "other"
