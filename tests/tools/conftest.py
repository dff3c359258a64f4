from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not pytest's folder: pytest closes that to other users at each start, and under root the server is another."""
    with TemporaryDirectory(prefix="tools-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def module_path() -> Iterator[Path]:
    """The same for the tests of a module together."""
    with TemporaryDirectory(prefix="tools-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
