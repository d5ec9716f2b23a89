"""A PostgreSQL of its own for a test: Debian's package, a temporary folder, a socket."""

import os
import pathlib
import shutil
import subprocess
import tempfile
from contextlib import contextmanager

import pytest

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin")


def command(name):
    """The newest of that name, since Debian keeps them out of the path."""
    found = [path for place in PLACES for path in pathlib.Path("/").glob(f"{place[1:]}/{name}")]
    return str(max(found, key=lambda path: (len(str(path)), str(path)))) if found else shutil.which(name)


@contextmanager
def cluster():
    """A function from the name of a database, made if it is not there, to its address."""
    initdb, pg_ctl = command("initdb"), command("pg_ctl")
    if not initdb or not pg_ctl:
        pytest.skip("no PostgreSQL is installed: apt-get install postgresql")
    pytest.importorskip("psycopg")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pg"))  # of a short name: that of a socket is
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    try:
        if user:
            shutil.chown(folder, user, user)

        def run(*arguments):
            done = subprocess.run(
                arguments, user=user, group=user, cwd=folder, capture_output=True, text=True, timeout=120
            )
            if done.returncode:
                pytest.skip(f"PostgreSQL cannot start here: {done.stderr[-500:]}")

        data = str(folder / "data")
        run(initdb, "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8")
        # its output would keep this process's pipes open
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(pg_ctl, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield lambda name: _database(folder, name)
        finally:
            run(pg_ctl, "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _database(folder, name):
    import psycopg

    with psycopg.connect(f"host={folder} user=postgres dbname=postgres", autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            connection.execute(f'create database "{name}"')
    return f"postgresql://postgres@/{name}?host={folder}"
