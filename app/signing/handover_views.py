"""“Continue on your phone”: the ticket on one screen, the taking on the other."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.signing.handover import Handovers
from app.signing.request_pages import SigningPages
from app.web.qr import qr_svg


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverPages:
    signing: SigningPages
    handovers: Handovers


def handover_blueprint(pages: HandoverPages) -> Blueprint:
    bp = Blueprint("handover", __name__)
    door = pages.signing.door
    bp.before_request(door.check_form)

    @bp.post("/requests/<request_id>/phone")
    def offer(request_id: str) -> ResponseReturnValue:
        request = pages.signing.owned(request_id)
        ticket = pages.handovers.offer(request)
        return render_template(
            "continue_on_phone.html",
            request=request,
            qr=qr_svg(ticket.url),
            url=ticket.url,
            expires_at=ticket.expires_at,
            watch_url=url_for("signing.watch", request_id=request_id),
            word="ready",
        )

    @bp.get("/continue/<ticket>")
    def here(ticket: str) -> ResponseReturnValue:
        """Nothing moves until the person says so: links are opened by machines too."""
        request = pages.handovers.offered(ticket)
        door.current_or_new()
        return render_template(
            "continue_here.html",
            request=request,
            started_on=request.started_on,
            started_at=request.created_at,
            ticket=ticket,
        )

    @bp.post("/continue/<ticket>")
    def take(ticket: str) -> ResponseReturnValue:
        request_id = pages.handovers.take(ticket, door.current())
        return redirect(url_for("signing.page", request_id=request_id), 303)

    return bp
