"""What the person does with a request: every step is a form of theirs."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.signing.reasons import Reason
from app.signing.request_pages import SigningPages, to_page
from app.signing.states import Event, State


def add_steps(bp: Blueprint, pages: SigningPages) -> None:
    """Identify, approve, confirm."""
    steps = pages.steps

    @bp.post("/requests/<request_id>/identify")
    def identify(request_id: str) -> ResponseReturnValue:
        steps.identify(pages.owned(request_id), pages.door.current())
        return redirect(url_for("signing.identification", request_id=request_id), 303)

    @bp.post("/requests/<request_id>/approve")
    def approve(request_id: str) -> ResponseReturnValue:
        owned, browser = pages.owned(request_id), pages.door.current()
        terms = request.form.get("terms", "")
        resets_at = steps.approve(owned, browser, terms)
        if resets_at is not None:
            return pages.shower.quota_used_up(owned, resets_at), 403
        return to_page(request_id)

    @bp.post("/requests/<request_id>/confirm")
    def confirm(request_id: str) -> ResponseReturnValue:
        owned, browser = pages.owned(request_id), pages.door.current()
        confirmed = steps.confirm(owned, browser, request.form.get("code", ""))
        if confirmed.cookie is not None:
            pages.door.rotated(confirmed.cookie)
        if confirmed.identifying:
            return redirect(
                url_for("signing.identification", request_id=request_id), 303
            )
        return to_page(request_id)


def add_undoing(bp: Blueprint, pages: SigningPages) -> None:
    """Ask anew, go elsewhere, stop."""
    steps = pages.steps

    @bp.post("/requests/<request_id>/renew")
    def renew(request_id: str) -> ResponseReturnValue:
        steps.renew(pages.owned(request_id), pages.door.current())
        return to_page(request_id)

    @bp.get("/requests/<request_id>/wallet-kind")
    def wallet_kind(request_id: str) -> ResponseReturnValue:
        owned, browser = pages.owned(request_id), pages.door.current()
        approving = owned.state == State.AWAITING_WALLET
        endpoint = "signing.page" if approving else "signing.identification"
        back = url_for(endpoint, request_id=request_id)
        return pages.shower.wallet_kinds(owned, browser, back)

    @bp.post("/requests/<request_id>/wallet-kind")
    def choose_wallet_kind(request_id: str) -> ResponseReturnValue:
        owned, browser = pages.owned(request_id), pages.door.current()
        kind = request.form.get("wallet", "")
        if steps.change_wallet(owned, browser, kind):
            return to_page(request_id)
        return redirect(url_for("signing.identification", request_id=request_id), 303)

    @bp.post("/requests/<request_id>/again")
    def again(request_id: str) -> ResponseReturnValue:
        steps.take_back(pages.owned(request_id), Reason.TRIED_AGAIN)
        return to_page(request_id)

    @bp.post("/requests/<request_id>/phone")
    def continue_on_phone(request_id: str) -> ResponseReturnValue:
        pages.handovers.offer(pages.owned(request_id))
        return redirect(url_for("handover.offered", request_id=request_id), 303)

    @bp.post("/requests/<request_id>/stop")
    def stop(request_id: str) -> ResponseReturnValue:
        steps.stop(pages.owned(request_id), Event.STOPPED, Reason.STOPPED)
        return to_page(request_id)
