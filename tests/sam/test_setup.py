"""The administrator's set-up, over a real token."""

from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from sqlalchemy import inspect

from hsm.port import ServiceKey
from sam import schema, setup
from sam.config import SamConfig
from sam.database import Database


@pytest.fixture
def config(softhsm_module: Path, tmp_path: Path) -> SamConfig:
    return SamConfig(sam_directory=tmp_path / "sam", pkcs11_module=softhsm_module)


def test_set_up_makes_what_is_missing_and_then_nothing(config: SamConfig) -> None:
    first, second = list[str](), list[str]()

    setup.set_up(config, first.append)
    setup.set_up(config, second.append)

    written = [line for line in first if line.startswith("certificate request")]
    assert len(written) == len(ServiceKey)
    assert second == []


def test_each_service_key_asks_for_its_own_certificate(config: SamConfig) -> None:
    setup.set_up(config, lambda _line: None)

    requests = [
        x509.load_pem_x509_csr(file.read_bytes())
        for file in (config.sam_directory / "csr").iterdir()
    ]

    names = {
        r.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value for r in requests
    }
    assert all(request.is_signature_valid for request in requests)
    assert names == set(setup.NAMES.values())
    assert all(str(name).startswith("TEST ") for name in names)


def test_only_the_sam_reads_its_folder(config: SamConfig) -> None:
    setup.set_up(config, lambda _line: None)

    assert config.sam_directory.stat().st_mode & 0o777 == 0o700
    assert config.hsm.pin_file.stat().st_mode & 0o777 == 0o600


def test_set_up_makes_the_tables(config: SamConfig) -> None:
    setup.set_up(config, lambda _line: None)

    with closing(Database(config.database_url)) as database:
        tables = set(inspect(database.engine).get_table_names())
    assert tables == set(schema.metadata.tables) | {"alembic_version"}
