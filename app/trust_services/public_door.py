"""The public door, plain http because its answers are signed or public.

    GET  /crl/<ca>.crl   application/pkix-crl     (RFC 5280 §4.2.1.13)
    GET  /ca/<ca>.cer    application/pkix-cert    (RFC 5280 §4.2.2.1)
    POST /tsa            RFC 3161 §3.4: timestamp-query in, timestamp-reply out
    POST /ocsp           RFC 6960 appendix A.1; GET /ocsp/{base64} as well (RFC 5019)
    GET  /healthz

where <ca> is root, issuing-ca or access-ca.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services import ocsp_door
from app.trust_services.certificates import Issuer
from app.trust_services.crl import CrlSource
from app.trust_services.door import Answer, Door, Media, Route
from app.trust_services.ocsp import OcspResponder
from app.trust_services.tsa import TimeStampingAuthority

MAX_QUERY: Final = 4 * 1024  # a query is about 100 bytes
QUERY: Final = Media(type="application/timestamp-query")
REPLY: Final = "application/timestamp-reply"


def public_door(
    crls: Iterable[CrlSource], tsa: TimeStampingAuthority, responder: OcspResponder
) -> Door:
    """Return the WSGI application."""

    def stamp(query: bytes) -> Answer:
        return Answer(body=tsa.answer(query), content_type=REPLY)

    routes = {
        "/tsa": Route(answer=stamp, media=QUERY, max_body=MAX_QUERY),
        ocsp_door.PATH: ocsp_door.posted(responder),
        "/healthz": Route(answer=lambda _: Answer(body=b"ok\n")),
    }
    for crl in crls:
        routes[f"/crl/{crl.issuer.slug}.crl"] = _crl_route(crl)
        routes[f"/ca/{crl.issuer.slug}.cer"] = _certificate_route(crl.issuer)
    below = {f"{ocsp_door.PATH}/": partial(ocsp_door.fetched, responder)}
    return Door(routes, below)


def _crl_route(crl: CrlSource) -> Route:
    return Route(
        answer=lambda _: Answer(
            body=crl.current(),
            content_type="application/pkix-crl",
            cache_control="max-age=60",
        )
    )


def _certificate_route(issuer: Issuer) -> Route:
    answer = Answer(
        body=issuer.certificate.public_bytes(Encoding.DER),
        content_type="application/pkix-cert",
        cache_control="max-age=3600",
    )
    return Route(answer=lambda _: answer)
