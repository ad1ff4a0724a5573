"""What a properly signed XML trusted list says, and when it says nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sam.trust import trusted_list
from sam.trust.entries import (
    SignedTrustList,
    TrustListError,
    TrustListKindError,
    TrustListMalformedError,
    TrustListSignatureError,
    TrustListTimeError,
)
from tests.sam.trust.xml_lists import (
    DAY,
    GENERIC,
    NOW,
    PROVIDER_PID,
    STATUS,
    Draft,
    Operator,
    Provider,
    Service,
    base64_of,
    certificate,
    der,
    stamp,
    tag,
    with_provider,
    with_service,
)

OPERATOR = Operator()
CA = certificate()
CA_TEXT = base64_of(der(CA))
CRITICAL = tag("Extension", "x", Critical="true")


def parse_text(document: str) -> SignedTrustList:
    return trusted_list.parse(
        OPERATOR.sign(document).parts(), signers=[OPERATOR.certificate], now=NOW
    )


def parse(draft: Draft) -> SignedTrustList:
    return parse_text(draft.text())


def test_a_list_is_read_as_it_says() -> None:
    """Guards the tables below."""
    held = parse(Draft())

    (entry,) = held.entries
    assert (held.list_type, held.sequence, held.territory) == (GENERIC, 42, "FI")
    assert held.issued_at == NOW - DAY
    assert held.next_update == NOW + 30 * DAY
    assert held.unusable == ()
    assert entry.provider_id == "entity:VATFI-1234567"
    assert (entry.name, entry.service_type) == ("Identity Agency", PROVIDER_PID)
    assert entry.certificate == CA
    assert entry.since == NOW - 100 * DAY


@pytest.mark.parametrize(
    "draft",
    [
        pytest.param(Draft(version="5"), id="version-5"),
        pytest.param(Draft(sequence=" 42\n"), id="space-around-a-value"),
        pytest.param(Draft(issued=stamp(NOW + timedelta(minutes=4))), id="our-clock"),
        pytest.param(
            Draft(next_update=tag("dateTime", stamp(NOW + timedelta(seconds=1)))),
            id="a-second-before-its-end",
        ),
        pytest.param(with_service(since=stamp(NOW)), id="granted-this-second"),
        pytest.param(with_service(certificates=(CA_TEXT, CA_TEXT)), id="named-twice"),
        pytest.param(
            with_service(certificates=(f"\n{CA_TEXT[:64]}\n{CA_TEXT[64:]}\n",)),
            id="base64-in-lines",
        ),
        pytest.param(
            with_service(
                behind=tag(
                    "ServiceInformationExtensions",
                    tag("Extension", "x", Critical="false"),
                )
            ),
            id="an-extension-not-critical",
        ),
        pytest.param(
            with_provider(services=(Service(), Service(status=f"{STATUS}withdrawn"))),
            id="another-service-withdrawn",
        ),
        pytest.param(
            Draft(behind=tag("PointersToOtherTSL", tag("OtherTSLPointer", "x"))),
            id="a-pointer-is-read-over",
        ),
    ],
)
def test_a_list_with_one_granted_service_has_one_entry(draft: Draft) -> None:
    assert [entry.certificate for entry in parse(draft).entries] == [CA]


def test_each_certificate_of_a_service_is_an_entry_of_the_same_provider() -> None:
    renewed = certificate("SECP384R1", "a renewed CA")

    held = parse(with_service(certificates=(CA_TEXT, base64_of(der(renewed)))))

    assert [one.certificate for one in held.entries] == [CA, renewed]
    assert len({one.provider_id for one in held.entries}) == 1


def test_the_english_name_is_taken_where_there_is_one() -> None:
    text = Draft().text()
    finnish = '<Name xml:lang="fi">Virasto</Name>'
    english = '<Name xml:lang="en">Identity Agency</Name>'

    held = parse_text(text.replace(english, finnish + english))

    assert held.entries[0].name == "Identity Agency"


NOBODY: dict[str, Draft] = {
    "withdrawn": with_service(status=f"{STATUS}withdrawn"),
    "recognised-nationally": with_service(status=f"{STATUS}recognisedatnationallevel"),
    "a-status-of-old-lists": with_service(status=f"{STATUS}undersupervision"),
    "granted-elsewhere": with_service(status="urn:x:granted"),
    "granted-in-capitals": with_service(status=f"{STATUS}Granted"),
    "granted-from-tomorrow": with_service(since=stamp(NOW + DAY)),
    "granted-in-its-history": with_service(
        status=f"{STATUS}withdrawn",
        history=tag("ServiceHistory", tag("ServiceHistoryInstance", Service().text())),
    ),
    "closed": Draft(next_update=""),
    "no-provider": Draft(providers=()),
    "no-service": with_provider(services=()),
}


@pytest.mark.parametrize("name", NOBODY)
def test_who_is_not_granted_now_is_not_in_the_list(name: str) -> None:
    held = parse(NOBODY[name])

    assert held.entries == ()
    assert held.unusable == ()


def test_a_list_is_believed_for_six_months_whatever_it_says() -> None:
    held = parse(Draft(next_update=tag("dateTime", "9999-12-31T23:59:59Z")))

    assert held.next_update == NOW - DAY + 186 * DAY


def test_a_closed_list_has_no_next_update() -> None:
    assert parse(Draft(next_update="")).next_update is None


UNUSABLE: dict[str, Draft] = {
    "no-trade-name": with_provider(trade_names=()),
    "no-registration": with_provider(trade_names=("Agency",)),
    "two-registrations": with_provider(trade_names=("VATFI-1", "VATFI-2")),
    "no-certificate": with_service(certificates=()),
    "certificate-no-base64": with_service(certificates=("!",)),
    "certificate-no-der": with_service(certificates=("AAAA",)),
    "one-of-two-certificates-broken": with_service(certificates=(CA_TEXT, "AAAA")),
    "critical-extension": with_service(
        behind=tag("ServiceInformationExtensions", CRITICAL)
    ),
    "critical-extension-of-the-provider": with_provider(
        behind=tag("TSPInformationExtensions", CRITICAL)
    ),
    "extension-that-does-not-say": with_service(
        behind=tag("ServiceInformationExtensions", tag("Extension", "x"))
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_granted_service_that_gives_no_entry_is_named(name: str) -> None:
    held = parse(UNUSABLE[name])

    assert held.entries == ()
    (sentence,) = held.unusable
    assert sentence.startswith(f"Identity Agency, {PROVIDER_PID}: ")


def test_one_unusable_service_does_not_cost_the_others() -> None:
    held = parse(
        Draft(providers=(Provider(trade_names=("Agency",)), Provider(), Provider()))
    )

    assert len(held.entries) == 1
    assert len(held.unusable) == 1


MALFORMED: dict[str, Draft] = {
    "sequence-zero": Draft(sequence="0"),
    "sequence-negative": Draft(sequence="-1"),
    "sequence-a-word": Draft(sequence="new"),
    "sequence-other-digits": Draft(sequence="٤٢"),
    "sequence-endless": Draft(sequence="9" * 5000),
    "sequence-empty": Draft(sequence=""),
    "territory-small": Draft(territory="fi"),
    "territory-long": Draft(territory="FIN"),
    "issued-without-z": Draft(issued="2026-11-19T12:00:00"),
    "issued-elsewhere": Draft(issued="2026-11-19T12:00:00+02:00"),
    "issued-to-the-microsecond": Draft(issued="2026-11-19T12:00:00.5Z"),
    "issued-never": Draft(issued="2026-02-30T12:00:00Z"),
    "issued-in-other-digits": Draft(issued="٢026-11-19T12:00:00Z"),
    "next-update-a-word": Draft(next_update=tag("dateTime", "soon")),
    "next-update-twice": Draft(next_update=tag("dateTime", stamp(NOW + DAY)) * 2),
    "next-update-of-another-name": Draft(next_update=tag("date", stamp(NOW + DAY))),
    "scheme-member-twice": Draft(behind=tag("TSLSequenceNumber", "43")),
    "since-a-word": with_service(since="long ago"),
    "value-with-an-element": Draft(territory="<b></b>FI"),
    "status-twice": with_service(behind=tag("ServiceStatus", f"{STATUS}withdrawn")),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_signed_list_of_another_shape_is_refused(name: str) -> None:
    with pytest.raises(TrustListMalformedError):
        parse(MALFORMED[name])


OF_ANOTHER_KIND: dict[str, Draft] = {
    "version-4": Draft(version="4"),
    "version-7": Draft(version="7"),
    "list-of-lists": Draft(type=GENERIC.replace("generic", "listofthelists")),
    "another-root": Draft(root="ListOfTrustedEntities"),
    "another-namespace": Draft(namespace="http://uri.etsi.org/02231/v3#"),
    "another-tag": Draft(tag="http://uri.etsi.org/02231/TSLTag"),
    "critical-extension-of-the-scheme": Draft(behind=tag("SchemeExtensions", CRITICAL)),
}


@pytest.mark.parametrize("name", OF_ANOTHER_KIND)
def test_a_signed_list_of_another_kind_is_refused(name: str) -> None:
    with pytest.raises(TrustListKindError):
        parse(OF_ANOTHER_KIND[name])


OUT_OF_TIME: dict[str, Draft] = {
    "next-update-past": Draft(next_update=tag("dateTime", stamp(NOW - DAY))),
    "next-update-now": Draft(next_update=tag("dateTime", stamp(NOW))),
    "issued-tomorrow": Draft(issued=stamp(NOW + DAY)),
    "issued-in-six-minutes": Draft(issued=stamp(NOW + timedelta(minutes=6))),
    "closed-tomorrow": Draft(issued=stamp(NOW + DAY), next_update=""),
    "valid-for-ever-since-seven-months": Draft(
        issued=stamp(NOW - 210 * DAY),
        next_update=tag("dateTime", "9999-12-31T23:59:59Z"),
    ),
}


@pytest.mark.parametrize("name", OUT_OF_TIME)
def test_a_signed_list_out_of_time_is_refused(name: str) -> None:
    with pytest.raises(TrustListTimeError):
        parse(OUT_OF_TIME[name])


STRUCTURE = {
    "two-schemes": ("<SchemeInformation>", "<SchemeInformation></SchemeInformation>"),
    "a-signature-left-inside": (
        "<SchemeInformation>",
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:Signature>',
    ),
    "two-lists-of-providers": (
        "<TrustServiceProviderList>",
        "<TrustServiceProviderList></TrustServiceProviderList>",
    ),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_a_signed_list_with_something_beside_its_parts_is_refused(name: str) -> None:
    before, what = STRUCTURE[name]

    with pytest.raises(TrustListMalformedError):
        parse_text(Draft().text().replace(before, what + before))


def test_a_list_without_providers_is_a_list() -> None:
    text = Draft(providers=()).text()

    held = parse_text(text.replace(tag("TrustServiceProviderList"), ""))

    assert held.entries == ()


def test_what_a_wrong_signer_says_is_not_looked_at() -> None:
    signed = OPERATOR.sign("<no XML")

    with pytest.raises(TrustListSignatureError):
        trusted_list.parse(signed.parts(), signers=[CA], now=NOW)


@settings(max_examples=150, deadline=2000)
@given(
    place=st.integers(0, len(Draft().text()) - 1),
    what=st.sampled_from([*"<>&\"'/= 09azAZ", "é", "\r", "<a></a>", "<!--", "]]>"]),
)
def test_whatever_an_operator_signs_ends_in_a_list_or_a_refusal(
    place: int, what: str
) -> None:
    text = Draft().text()
    signed = OPERATOR.sign(Draft().text())
    changed = text[:place] + what + text[place + 1 :]
    resigned = OPERATOR.sign(changed)

    outcome = _outcome(resigned.parts())

    assert isinstance(outcome, SignedTrustList | TrustListError)
    assert isinstance(
        _outcome(replace(signed, document=changed).parts()), TrustListSignatureError
    ) or (changed == text)


def _outcome(content: bytes) -> SignedTrustList | TrustListError:
    try:
        return trusted_list.parse(content, signers=[OPERATOR.certificate], now=NOW)
    except TrustListError as error:
        return error
