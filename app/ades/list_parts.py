"""Take a signed XML trusted list apart into the byte strings its signature is over.

Runs in a confined child: the bytes are a stranger's. Nothing is verified and nothing
of the result is believed. It is put in exclusive canonical form (C14N 1.0) here so that
the SAM can verify over bytes, and needs no parser for what nobody signed.

The result is five parts with a NUL octet between them, which XML cannot hold::

    signature algorithm (URI) · SignatureValue (base64) · SignedInfo ·
    SignedProperties · the document without its Signature
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lxml import etree

from app.ades.confinement import Confinement
from app.ades.errors import UnreadableListError
from app.ades.forkserver import Job, Result

DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
XADES: Final = "{http://uri.etsi.org/01903/v1.3.2#}"
SEPARATOR: Final = b"\0"
SAMPLE: Final = (
    b'<l xmlns:d="http://www.w3.org/2000/09/xmldsig#">\xc3\xa4<d:Signature>'
    b'<d:SignedInfo><d:SignatureMethod Algorithm="a"/></d:SignedInfo>'
    b"<d:SignatureValue>b</d:SignatureValue><d:Object>"
    b'<x:SignedProperties xmlns:x="http://uri.etsi.org/01903/v1.3.2#"/>'
    b"</d:Object></d:Signature></l>"
)


def signed_parts(content: bytes) -> bytes:
    """Return the five parts, or raise ``UnreadableListError``."""
    try:
        return _parts(etree.fromstring(content, _parser()))
    except etree.LxmlError as error:
        raise UnreadableListError(f"{type(error).__name__}: {error}") from None


def _parts(root: Any) -> bytes:
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableListError("it has a document type definition")
    signature = _only(list(root.iter(f"{DS}Signature")), "Signature")
    if signature.getparent() is not root:
        raise UnreadableListError("the Signature is no child of the root")
    info = _only(signature.findall(f"{DS}SignedInfo"), "SignedInfo")
    method = _only(info.findall(f"{DS}SignatureMethod"), "SignatureMethod")
    value = _only(signature.findall(f"{DS}SignatureValue"), "SignatureValue")
    properties = list(signature.iter(f"{XADES}SignedProperties"))
    return SEPARATOR.join(
        (
            str(method.get("Algorithm", "")).encode(),
            "".join(str(value.text or "").split()).encode(),
            _canonical(info),
            _canonical(_only(properties, "SignedProperties")),
            _without(root, signature),
        )
    )


def _parser() -> Any:
    """The only parser for XML there is here: nothing is fetched, nothing expanded."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        collect_ids=False,
    )


def _only(found: Sequence[Any], what: str) -> Any:
    if len(found) != 1:
        raise UnreadableListError(f"{len(found)} elements {what} instead of one")
    return found[0]


def _without(root: Any, signature: Any) -> bytes:
    """XML Signature §6.6.4: the element goes, the text behind it stays."""
    behind, previous = signature.tail or "", signature.getprevious()
    if previous is None:
        root.text = (root.text or "") + behind
    else:
        previous.tail = (previous.tail or "") + behind
    root.remove(signature)
    return _canonical(root.getroottree())


def _canonical(node: Any) -> bytes:
    canonical = etree.tostring(node, method="c14n", exclusive=True, with_comments=False)
    return bytes(canonical)


def _take_apart(
    _arguments: Mapping[str, object], blobs: Sequence[bytes], _confinement: Confinement
) -> Result:
    (content,) = blobs
    return {}, [signed_parts(content)]


JOBS: Final[Mapping[str, Job]] = {"signed-parts": _take_apart}


def warm_up() -> None:
    """Walk every path once: a confined child can import nothing more."""
    signed_parts(SAMPLE)
