"""The sample document is what its program draws, and a PDF reader agrees."""

import io

from pyhanko.pdf_utils.reader import PdfFileReader

from wallet_emulator.sample.lease import LEASE_FILE, draw_lease


def test_the_file_is_what_the_program_draws() -> None:
    assert LEASE_FILE.read_bytes() == draw_lease()


def test_a_strict_reader_finds_one_page() -> None:
    reader = PdfFileReader(io.BytesIO(draw_lease()), strict=True)

    assert reader.root["/Pages"]["/Count"] == 1


def test_it_is_small() -> None:
    assert len(draw_lease()) < 10_000
