"""A private PostgreSQL on a socket of its own: no port, no other cluster's data."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

NOBODY = 65534
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
Databases = Callable[[str], str]
"""Name → URL of an empty database."""


@contextmanager
def cluster() -> Iterator[Path]:
    """The folder of its socket; the server stops and its data goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix="qes-pg-"))
    folder.chmod(0o700)
    other = NOBODY if os.geteuid() == 0 else None  # initdb refuses to run as root
    if other is not None:
        shutil.chown(folder, other, other)
    tools, data = SERVERS[-1].parent, str(folder / "data")
    settings = f"-k {folder} -c listen_addresses= -c fsync=off"

    def run(*arguments: str) -> None:
        subprocess.run(
            arguments,
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            user=other,
            group=other,
            extra_groups=None if other is None else [],
        )

    run(str(tools / "initdb"), "-D", data, "-U", "qes", "-A", "trust", "-E", "UTF8")
    log = str(folder / "log")
    run(str(tools / "pg_ctl"), "-D", data, "-l", log, "-o", settings, "-w", "start")
    try:
        yield folder
    finally:
        run(str(tools / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def fresh_database(cluster: Path, name: str) -> str:
    """The URL of an empty database in ``cluster``."""
    server = f"postgresql+psycopg://qes@/{{}}?host={cluster}"
    engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name)
