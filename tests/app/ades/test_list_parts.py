"""A published XML list, as it is or as an attacker makes it: parts that hold, or none.

What is taken apart here is believed by nobody: each row ends at the SAM's own reader,
which must refuse it or see exactly what the scheme operator signed.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.ades import list_parts
from app.ades.errors import UnreadableListError
from sam.trust import trusted_list
from sam.trust.entries import SignedTrustList, TrustListError
from tests.sam.trust.xml_lists import (
    DS,
    EVIL,
    MORE,
    NOW,
    Draft,
    Operator,
    operator,
    tag,
    with_provider,
)

OPERATOR = Operator()
SIGNED = OPERATOR.sign(Draft().text())
XML = SIGNED.xml().decode()
EVIL_LIST = with_provider(trade_names=(EVIL.removeprefix("entity:"),)).text()
EVIL_PROVIDER = with_provider(trade_names=("VATXX-666",)).providers[0].text()
DECLARATION = "<?xml version='1.0'?>\n"


def read(xml: bytes | str, *signers: Operator) -> SignedTrustList:
    content = xml.encode() if isinstance(xml, str) else xml
    return trusted_list.parse(
        list_parts.signed_parts(content),
        signers=[one.certificate for one in signers or (OPERATOR,)],
        now=NOW,
    )


GENUINE = read(XML)


def test_the_parts_are_byte_by_byte_what_was_signed() -> None:
    """Guards the tables below, and the builder: both made the same canonical form."""
    assert list_parts.signed_parts(SIGNED.xml()) == SIGNED.parts()


def in_xml(old: str, new: str) -> str:
    assert old in XML
    return XML.replace(old, new, 1)


SAME_LIST: dict[str, str | bytes] = {
    "unchanged": XML,
    "no-declaration": XML.removeprefix(DECLARATION),
    "byte-order-mark": b"\xef\xbb\xbf" + SIGNED.xml(),
    "attributes-in-another-order": in_xml(
        ' xmlns="http://uri.etsi.org/02231/v2#" TSLTag="http://uri.etsi.org/19612/TSLTag"',
        ' TSLTag="http://uri.etsi.org/19612/TSLTag"\n xmlns="http://uri.etsi.org/02231/v2#"',
    ),
    "other-quotes": in_xml('xml:lang="en"', "xml:lang='en'"),
    "unused-namespaces": in_xml("<SchemeInf", "<SchemeInf").replace(
        "<TrustServiceStatusList", '<TrustServiceStatusList xmlns:un="urn:used"', 1
    ),
    "a-comment-in-a-value": in_xml("VATFI-1234567", "VATFI-<!-- 666 -->1234567"),
    "a-comment-in-a-certificate": in_xml(
        "<X509Certificate>", "<X509Certificate><!---->"
    ),
    "cdata": in_xml("VATFI-1234567", "<![CDATA[VATFI-1234567]]>"),
    "character-references": in_xml("VATFI-1234567", "&#86;ATFI-&#x31;234567"),
    "comments-around": XML.replace(DECLARATION, DECLARATION + "<!-- a -->")
    + "<!--b-->",
    "carriage-returns": XML.replace("\n", "\r\n"),
    "signature-first": in_xml(SIGNED.signature(), "").replace(
        "<SchemeInformation>", SIGNED.signature() + "<SchemeInformation>", 1
    ),
    "signature-value-in-lines": re.sub(
        "(<ds:SignatureValue>.{20})(.{20})", "\\1\n\\2\n", XML
    ),
    "a-key-info-of-a-stranger": in_xml(
        "<ds:Object>",
        "<ds:KeyInfo><ds:KeyName>stranger</ds:KeyName></ds:KeyInfo><ds:Object>",
    ),
}


@pytest.mark.parametrize("name", SAME_LIST)
def test_another_way_to_write_the_same_list_is_the_same_list(name: str) -> None:
    assert read(SAME_LIST[name]) == GENUINE


def bomb(levels: int) -> str:
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(levels)
    )
    return DECLARATION + f"<!DOCTYPE l [{entities}]><l>&e{levels - 1};</l>"


def with_doctype(inside: str) -> str:
    return XML.replace(
        DECLARATION, f"{DECLARATION}<!DOCTYPE TrustServiceStatusList {inside}>", 1
    )


def wrapped(outer: str, inner: str = SIGNED.document) -> str:
    """The original in an Object of its own signature, below another root."""
    signature = SIGNED.signature().replace(
        "</ds:Signature>", f"<ds:Object>{inner}</ds:Object></ds:Signature>"
    )
    before, end, after = outer.rpartition("</")
    return f"{before}{signature}{end}{after}"


REFUSED: dict[str, Callable[[], str | bytes]] = {
    "nothing": lambda: "",
    "no-xml": lambda: "not XML",
    "html": lambda: "<html><body>Not found</body></html>",
    "cut-off": lambda: XML[:-20],
    "unsigned": lambda: SIGNED.document,
    "signature-removed": lambda: in_xml(SIGNED.signature(), ""),
    "signature-without-value": lambda: re.sub(
        "<ds:SignatureValue>.*</ds:SignatureValue>", "", XML
    ),
    "signature-without-info": lambda: in_xml(SIGNED.info, ""),
    "signature-without-properties": lambda: in_xml(SIGNED.properties, ""),
    "two-signed-infos": lambda: in_xml(SIGNED.info, SIGNED.info * 2),
    "two-signature-values": lambda: in_xml(
        "<ds:SignatureValue>",
        "<ds:SignatureValue></ds:SignatureValue><ds:SignatureValue>",
    ),
    "two-properties": lambda: in_xml(SIGNED.properties, SIGNED.properties * 2),
    "two-signatures": lambda: in_xml(SIGNED.signature(), SIGNED.signature() * 2),
    "second-signature-of-another": lambda: in_xml(
        SIGNED.signature(),
        SIGNED.signature()
        + operator("SECP384R1", f"{MORE}ecdsa-sha384").sign(EVIL_LIST).signature(),
    ),
    "another-s-signature": lambda: (
        operator("SECP384R1", f"{MORE}ecdsa-sha384").sign(Draft().text()).xml()
    ),
    "signature-of-another-namespace": lambda: XML.replace(DS, f"{DS}x"),
    "signature-deeper": lambda: in_xml(SIGNED.signature(), "").replace(
        "</SchemeInformation>", SIGNED.signature() + "</SchemeInformation>", 1
    ),
    "signature-as-the-root": lambda: wrapped("<x></x>")[3:-4],
    "wrapped-in-a-new-root": lambda: tag("x", XML.removeprefix(DECLARATION)),
    "evil-root-original-in-an-object": lambda: wrapped(EVIL_LIST),
    "evil-root-original-beside": lambda: wrapped(
        EVIL_LIST.replace("</Trust", SIGNED.document + "</Trust", 1), ""
    ),
    "evil-provider-added": lambda: in_xml(
        "<TrustServiceProviderList>", "<TrustServiceProviderList>" + EVIL_PROVIDER
    ),
    "evil-provider-behind-the-signature": lambda: in_xml(
        "</TrustServiceStatusList>", EVIL_PROVIDER + "</TrustServiceStatusList>"
    ),
    "evil-provider-in-an-object": lambda: (
        in_xml("<ds:Object>", "<ds:Object>" + EVIL_LIST)
        .replace(SIGNED.document, EVIL_LIST)
        .replace("VATFI-1234567", "VATXX-666", 1)
    ),
    "value-changed": lambda: in_xml("VATFI-1234567", "VATXX-666"),
    "value-moved-into-an-attribute": lambda: in_xml(
        "<Name xml:lang=", '<Name evil="1" xml:lang='
    ),
    "space-added": lambda: in_xml("<TSPServices>", "<TSPServices> "),
    "namespace-of-an-element-changed": lambda: in_xml(
        "<TSPServices>", '<TSPServices xmlns="urn:x">'
    ),
    "namespace-of-the-root-changed": lambda: in_xml("02231/v2#", "02231/v1#"),
    "prefix-changed": lambda: (
        re.sub("<(/?)Name", "<\\1t:Name", XML, count=2)
        .replace("<Trust", "<Trust", 1)
        .replace(
            ' xmlns="http://uri.etsi.org/02231/v2#"',
            ' xmlns="http://uri.etsi.org/02231/v2#" xmlns:t="http://uri.etsi.org/02231/v2#"',
            1,
        )
    ),
    "xml-base-added": lambda: in_xml(
        "<TSPServices>", '<TSPServices xml:base="http://x">'
    ),
    "instruction-before": lambda: XML.replace(
        DECLARATION, DECLARATION + '<?xml-stylesheet href="evil.xsl"?>', 1
    ),
    "instruction-inside": lambda: in_xml("<TSPServices>", "<TSPServices><?evil?>"),
    "doctype": lambda: with_doctype(""),
    "doctype-external": lambda: with_doctype('SYSTEM "http://127.0.0.1:9/x.dtd"'),
    "entity-in-a-value": lambda: with_doctype('[<!ENTITY e "VATFI-1234567">]').replace(
        ">VATFI-1234567<", ">&e;<"
    ),
    "entity-from-a-file": lambda: with_doctype(
        '[<!ENTITY e SYSTEM "file:///etc/hostname">]'
    ).replace(">VATFI-1234567<", ">&e;<"),
    "default-attributes": lambda: with_doctype(
        '[<!ATTLIST SchemeInformation evil CDATA "1">]'
    ),
    "entity-bomb": lambda: bomb(9),
    "xinclude": lambda: in_xml(
        "<TSPServices>",
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/hostname"'
        ' parse="text"/><TSPServices>',
    ),
    "utf-16": lambda: XML.removeprefix(DECLARATION).encode("utf-16"),
    "latin-1": lambda: XML.replace("Agency", "Agencé").encode("latin-1"),
    "declared-as-utf-16": lambda: XML.replace(
        "version='1.0'", "version='1.0' encoding='utf-16'", 1
    ).replace("Agency", "Agence", 1),
    "nul": lambda: in_xml("Agency", "Age\0ncy"),
    "deep": lambda: in_xml(
        "<TSPServices>", "<a>" * 5000 + "</a>" * 5000 + "<TSPServices>"
    ),
    "huge-text": lambda: in_xml("Agency", "A" * 11_000_000),
    "relative-namespace": lambda: in_xml("<TSPServices>", '<TSPServices xmlns="x">'),
    "an-empty-signature": lambda: tag(
        "TrustServiceStatusList",
        "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_other_list_is_read_than_the_one_that_was_signed(name: str) -> None:
    started = time.process_time()

    with pytest.raises((UnreadableListError, TrustListError)):
        read(REFUSED[name]())

    assert time.process_time() - started < 5


def test_a_document_type_stops_even_where_the_bytes_were_not_looked_at() -> None:
    with pytest.raises(UnreadableListError, match="document type"):
        list_parts.signed_parts(with_doctype("").encode())


def test_the_parser_itself_brings_in_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    entity = f'<!DOCTYPE a [<!ENTITY e SYSTEM "{tmp_path / "secret"}">]>'

    root = etree.fromstring(f"{entity}<a>&e;</a>", list_parts._parser())

    assert b"secret<" not in etree.tostring(root)


@settings(max_examples=300, deadline=2000)
@given(place=st.integers(0, len(SIGNED.xml()) - 1), byte=st.integers(0, 255))
def test_with_one_byte_changed_it_is_refused_or_the_same_list(
    place: int, byte: int
) -> None:
    content = bytearray(SIGNED.xml())
    content[place] = byte

    assert outcome(bytes(content)) in (GENUINE, None)


def outcome(content: bytes) -> SignedTrustList | None:
    try:
        return read(content)
    except (UnreadableListError, TrustListError):
        return None


PARSERS = re.compile(r"\b(etree|expat|minidom|pulldom|sax|ElementTree|signxml)\b")


def test_xml_is_parsed_in_two_places_and_nowhere_else() -> None:
    root = Path(list_parts.__file__).parents[2]
    packages = ("app", "sam", "openid4vp", "hsm", "wallet_emulator")
    importing = {
        str(file.relative_to(root))
        for package in packages
        for file in (root / package).rglob("*.py")
        for line in file.read_text().splitlines()
        if line.startswith(("import ", "from ")) and PARSERS.search(line)
    }

    assert importing == {"app/ades/list_parts.py", "sam/trust/canonical_xml.py"}
