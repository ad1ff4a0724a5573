"""Pages that wait: old codes, lost connections, reloads, other tabs."""

from playwright.sync_api import expect

from tests.browser.complaints import CLOSED_LINK, NEW_COOKIE, Complaints
from tests.browser.conftest import DESKTOP, Screens
from tests.browser.people import Handset, Visitor
from tests.browser.service import Service

FIVE_MINUTES_MS = 301_000


def has_another_link(visitor: Visitor, link: str) -> None:
    """The page shows a link, and not that one any more."""
    expect(visitor.find("wallet-link")).not_to_have_attribute("href", link)
    expect(visitor.find("wallet-link")).to_be_visible()


def test_a_page_that_was_looked_at_for_five_minutes_shows_a_new_code(
    screens: Screens, service: Service
) -> None:
    desk = Visitor(screens.new(DESKTOP, hurry=False).new_page(), service)
    desk.page.clock.install()
    desk.upload()
    link = desk.identify()
    expect(desk.page.locator("[data-expires-in]")).to_contain_text("New code in 4:")
    desk.page.clock.fast_forward(FIVE_MINUTES_MS)

    has_another_link(desk, link)


def test_an_approval_link_that_ran_out_at_the_server_is_renewed_unasked(
    desk: Visitor, handset: Handset, service: Service, complaints: Complaints
) -> None:
    complaints.expect(CLOSED_LINK)
    handset.become_signer()
    desk.upload()
    link = desk.approve()
    service.age_links()
    has_another_link(desk, link)
    desk.expect_state("awaiting_wallet")
    handset.scan(link)

    expect(handset.wallet.get_by_test_id("problem")).to_be_visible()
    handset.approve(desk.link())
    handset.go_on()
    desk.type_code(handset.code())
    desk.expect_state("signed")


def test_after_five_renewals_a_person_has_to_ask(
    desk: Visitor, service: Service
) -> None:
    desk.upload()
    desk.approve()
    for _ in range(5):
        desk.press("renew")
        desk.expect_state("awaiting_wallet")
    link = desk.link()
    service.age_links()

    expect(desk.page.get_by_text("The code ran out for your safety")).to_be_visible()
    desk.press("renew")
    has_another_link(desk, link)


def test_a_lost_connection_is_told_and_survived(
    desk: Visitor, handset: Handset, complaints: Complaints
) -> None:
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")
    handset.become_signer()
    desk.upload()
    link = desk.approve()
    desk.page.context.set_offline(True)
    banner = desk.page.get_by_text("You are offline.")
    expect(banner).to_be_visible()
    handset.approve(link)
    handset.go_on()
    desk.page.context.set_offline(False)

    expect(banner).to_be_hidden()
    desk.expect_state("awaiting_confirmation")
    desk.type_code(handset.code())
    desk.expect_state("signed")


def test_reload_and_back_keep_the_open_question(desk: Visitor) -> None:
    desk.upload()
    link = desk.approve()
    desk.page.reload()
    assert desk.link() == link
    desk.page.get_by_role("link", name="Help").first.click()
    desk.page.go_back()

    desk.expect_state("awaiting_wallet")
    assert desk.link() == link


def test_back_from_the_code_never_asks_the_wallet_again(
    desk: Visitor, handset: Handset
) -> None:
    handset.become_signer()
    desk.upload()
    handset.approve(desk.approve())
    handset.go_on()
    code = handset.code()
    desk.expect_state("awaiting_confirmation")
    desk.page.reload()
    desk.page.go_back()
    desk.page.go_forward()
    desk.expect_state("awaiting_confirmation")
    desk.type_code(code)

    desk.expect_state("signed")
    desk.page.go_back()
    desk.page.go_forward()
    desk.expect_state("signed")


def test_a_second_tab_shows_the_same_and_follows_to_the_end(
    screens: Screens, handset: Handset, service: Service, complaints: Complaints
) -> None:
    complaints.expect(NEW_COOKIE)
    handset.become_signer()
    desk = Visitor(screens.new(DESKTOP, hurry=False).new_page(), service)
    desk.upload()
    link = desk.approve()
    second = Visitor(desk.page.context.new_page(), service)
    second.page.goto(desk.page.url)
    assert second.link() == link
    handset.approve(link)
    handset.go_on()
    second.expect_state("awaiting_confirmation")
    desk.type_code(handset.code())

    desk.expect_state("signed")
    second.expect_state("signed")


def test_a_code_typed_while_the_page_asks_is_not_lost(
    desk: Visitor, handset: Handset
) -> None:
    """The answer to a form brings a new cookie: nothing may cut in before it."""
    handset.become_signer()
    desk.upload()
    handset.approve(desk.approve())
    handset.go_on()
    desk.expect_state("awaiting_confirmation")
    desk.page.route("**/confirm", lambda route: route.continue_())
    desk.page.evaluate(
        "document.addEventListener('submit', () => {"
        "  setInterval(() => window.dispatchEvent(new Event('focus')), 5)"
        "})"
    )
    desk.type_code(handset.code())

    desk.expect_state("signed")
