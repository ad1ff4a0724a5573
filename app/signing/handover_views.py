"""“Continue on your phone”: the ticket on one screen, the taking on the other."""

from dataclasses import dataclass

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from app.signing.handover import Handovers
from app.signing.request_pages import SigningPages, to_page
from app.web.qr import qr_svg


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverPages:
    signing: SigningPages
    handovers: Handovers


def handover_blueprint(pages: HandoverPages) -> Blueprint:
    bp = Blueprint("handover", __name__)
    door = pages.signing.door
    bp.before_request(door.check_form)

    @bp.get("/requests/<request_id>/phone")
    def offered(request_id: str) -> ResponseReturnValue:
        request = pages.signing.unless_moved(request_id)
        ticket = None if request is None else pages.handovers.ticket(request)
        if request is None or ticket is None:
            return to_page(request_id)
        return render_template(
            "continue_on_phone.html",
            request=request,
            qr=qr_svg(ticket.url),
            url=ticket.url,
            expires_at=ticket.expires_at,
            watch_url=url_for("signing.watch", request_id=request_id),
            word=request.state,
        )

    @bp.get("/continue/<token>")
    def here(token: str) -> ResponseReturnValue:
        """Nothing moves until the person says so: links are opened by machines too."""
        request = pages.handovers.offered(token)
        door.current_or_new()
        return render_template(
            "continue_here.html",
            request=request,
            started_on=request.started_on,
            started_at=request.created_at,
            token=token,
        )

    @bp.post("/continue/<token>")
    def take(token: str) -> ResponseReturnValue:
        return to_page(pages.handovers.take(token, door.current()))

    return bp
