import os
from pathlib import Path

import pytest

from tools.console import Failure
from tools.local.data_dir import claimed, local_secrets


def test_a_directory_serves_one_shop_at_a_time(tmp_path: Path) -> None:
    with (
        claimed(tmp_path),
        pytest.raises(Failure, match=f"in use by the shop with process id {os.getpid()}"),
        claimed(tmp_path),
    ):
        pass
    with claimed(tmp_path):
        pass


def test_a_place_that_cannot_be_written_to_is_refused() -> None:
    with pytest.raises(Failure, match=r"cannot write to /proc/nowhere: .*DATA_DIR="), claimed(Path("/proc/nowhere")):
        pass


def test_secrets_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    made = local_secrets(tmp_path)
    assert local_secrets(tmp_path) == made
    assert len({*made.values()}) == len(made)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_secrets_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(Failure, match=r"cannot read .*secrets\.json"):
        local_secrets(tmp_path)
