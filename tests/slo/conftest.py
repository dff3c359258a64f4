"""What the tests of the gate share: the promise as it is committed, and a gate to ask."""

from pathlib import Path

import pytest

from slo.spec import Spec, load_spec
from tests.slo.gated import Gate


@pytest.fixture(scope="session")
def spec() -> Spec:
    return load_spec()


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(tmp_path, capsys)
