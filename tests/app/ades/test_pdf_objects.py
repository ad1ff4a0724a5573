import pytest
from pyhanko.pdf_utils import generic

from app.ades.errors import UnsignableDocumentError
from app.ades.pdf_objects import Steps, number


def test_a_walk_ends_with_its_steps() -> None:
    steps = Steps(2)
    steps.spend()
    steps.spend()

    with pytest.raises(UnsignableDocumentError, match="too complex"):
        steps.spend()


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (generic.NumberObject(7), 7.0),
        (generic.FloatObject("-1.5"), -1.5),
        (generic.NameObject("/7"), 0.0),
        (generic.NumberObject(10**400), 0.0),
        (None, 0.0),
    ],
)
def test_what_is_no_number_is_nought(item: object, expected: float) -> None:
    assert number(item) == expected
