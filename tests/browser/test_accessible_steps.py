"""Every page of the way, in every look: nothing wrong, and light to load."""

import pytest

from tests.browser.complaints import Complaints
from tests.browser.inspection import inspected
from tests.browser.people import Handset, Visitor
from tests.browser.tours import Party, Tour, identifying, signing


@pytest.mark.parametrize("tour", [identifying, signing])
def test_nothing_is_wrong_with_any_page(
    desk: Visitor, handset: Handset, complaints: Complaints, tour: Tour
) -> None:
    assert inspected(tour, Party(desk, handset), complaints) == {}
