"""The reader of signed XML: elements, attributes and text, within bounds."""

import time

import pytest

from sam.trust import canonical_xml
from sam.trust.canonical_xml import MAX_DEPTH
from sam.trust.entries import TrustListMalformedError


def test_names_are_expanded_and_text_is_put_together() -> None:
    root = canonical_xml.read(
        b'<a xmlns="urn:a" xmlns:b="urn:b" b:c="1" d="2"> x&amp;y<b:e>z</b:e>\n</a>'
    )

    assert root.name == "{urn:a}a"
    assert root.attributes == {"{urn:b}c": "1", "d": "2"}
    assert root.text == " x&y\n"
    assert root.one("{urn:b}e").value() == "z"


def test_what_is_left_out_leaves_the_rest_whole() -> None:
    root = canonical_xml.read(
        b"<a>1<b>2<c>3</c><b>4</b></b>5<c>6</c></a>", leave_out={"b"}
    )

    assert root.text == "15"
    assert [child.name for child in root.children] == ["c"]


DEEP = b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)
REFUSED = {
    "nothing": b"",
    "only-space": b" \n",
    "only-text": b"text",
    "not-closed": b"<a>",
    "two-roots": b"<a></a><a></a>",
    "text-behind": b"<a></a>b",
    "doctype": b"<!DOCTYPE a><a></a>",
    "entity-bomb": b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "external-entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/x">]><a>&b;</a>',
    "undefined-entity": b"<a>&b;</a>",
    "comment": b"<a><!-- b --></a>",
    "cdata": b"<a><![CDATA[b]]></a>",
    "instruction": b"<a><?b?></a>",
    "xml-declaration": b"<?xml version='1.0'?><a></a>",
    "utf-16": "<a></a>".encode("utf-16"),
    "utf-16-without-a-mark": "<a></a>".encode("utf-16-le"),
    "doctype-in-utf-16": "<!DOCTYPE a><a></a>".encode("utf-16"),
    "latin-1": "<a>é</a>".encode("latin-1"),
    "nul": b"<a>\0</a>",
    "undeclared-prefix": b"<b:a></b:a>",
    "attribute-twice": b'<a b="1" b="2"></a>',
    "too-deep": DEEP,
    "too-deep-where-left-out": b"<left>" + DEEP[3:-4] + b"</left>",
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(TrustListMalformedError):
        canonical_xml.read(REFUSED[name], leave_out={"left"})


def test_as_deep_as_allowed_is_read() -> None:
    assert canonical_xml.read(DEEP[3:-4]).name == "a"


def test_too_many_elements_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical_xml, "MAX_ELEMENTS", 10)

    with pytest.raises(TrustListMalformedError, match="too many"):
        canonical_xml.read(b"<a>" + b"<b></b>" * 10 + b"</a>")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<a>" + b"<b></b>" * 500_000 + b"</a>", id="many-elements"),
        pytest.param(b"<a>" + b"x&amp;" * 2_000_000 + b"</a>", id="long-text"),
        pytest.param(
            b"<a " + b"".join(b'b%d="" ' % n for n in range(200_000)) + b"></a>",
            id="many-attributes",
        ),
    ],
)
def test_a_long_list_takes_seconds_at_most(content: bytes) -> None:
    started = time.process_time()

    canonical_xml.read(content)

    assert time.process_time() - started < 8


ROOT = canonical_xml.read(b"<a b='1' c=''><d>1<e></e></d><f> 2 </f><f></f></a>")


def test_a_value_is_the_text_without_space_around_it() -> None:
    assert ROOT.all("f")[0].value() == "2"


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(lambda: ROOT.one("f"), id="two-instead-of-one"),
        pytest.param(lambda: ROOT.one("g"), id="none-instead-of-one"),
        pytest.param(lambda: ROOT.one("d").value(), id="a-value-with-elements"),
        pytest.param(lambda: ROOT.attribute("c"), id="an-empty-attribute"),
        pytest.param(lambda: ROOT.attribute("x"), id="no-attribute"),
        pytest.param(lambda: ROOT.exactly("d", "f"), id="one-child-more"),
        pytest.param(lambda: ROOT.exactly("f", "f", "d"), id="another-order"),
    ],
)
def test_what_is_not_there_once_is_refused(look) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TrustListMalformedError):
        look()
