"""Never qualified by accident: profiles that cannot be made."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.trust_services import profiles
from app.trust_services.errors import ProfileConfigError
from app.trust_services.profiles import Profile, ProfileConfig

GOOD = ProfileConfig(
    name="a-profile",
    validity=timedelta(hours=1),
    key_usage="content_commitment",
    policy=profiles.CERTIFICATE_POLICY,
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"policy": "0.4.0.194112.1.2"}, id="qcp-n-qscd"),
        pytest.param({"policy": "0.4.0.194112.1.0"}, id="qcp-n"),
        pytest.param({"policy": "0.4.0.1456.1.1"}, id="qcp-public-sscd"),
        pytest.param({"policy": "0.4.0.2042.1.2"}, id="ncp-plus"),
        pytest.param({"policy": "2.5.29.32.0"}, id="any-policy"),
        pytest.param({"policy": "12.25.1"}, id="policy-looks-private"),
        pytest.param({"key_usage": "key_cert_sign"}, id="signs-certificates"),
        pytest.param({"key_usage": "crl_sign"}, id="signs-crls"),
        pytest.param({"key_usage": ""}, id="no-key-usage"),
        pytest.param(
            {"key_purpose": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE},
            id="any-purpose",
        ),
        pytest.param({"key_purpose": ExtendedKeyUsageOID.OCSP_SIGNING}, id="ocsp"),
        pytest.param({"without_status": True}, id="nobody-can-revoke-it"),
        pytest.param(
            {
                "key_purpose": ExtendedKeyUsageOID.OCSP_SIGNING,
                "without_status": True,
                "validity": timedelta(hours=25),
            },
            id="ocsp-for-more-than-a-day",
        ),
        pytest.param({"validity": timedelta(0)}, id="no-validity"),
        pytest.param({"validity": timedelta(days=3661)}, id="more-than-ten-years"),
        pytest.param({"subject_attributes": frozenset()}, id="nowhere-to-say-test"),
        pytest.param(
            {"subject_attributes": frozenset({NameOID.COMMON_NAME, NameOID.PSEUDONYM})},
            id="pseudonym",
        ),
    ],
)
def test_a_profile_that_must_not_exist_cannot_be_made(
    change: dict[str, object],
) -> None:
    with pytest.raises(ProfileConfigError):
        Profile.of(replace(GOOD, **change))


def test_the_unchanged_profile_can_be_made() -> None:
    """Guards the table above."""
    assert Profile.of(GOOD).name == "a-profile"
