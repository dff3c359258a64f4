"""The page for those who build a door: its example verifies our tickets."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from cryptography.exceptions import InvalidSignature

from backend.features.orders.documents.qr import key_set, signing_key, ticket_payload
from tests.shop import ROOT

CODE = UUID("6f1c2a50-9a3b-4d0e-8f1a-0123456789ab")
SECRETS = ["the secret in force", "a former secret"]


@pytest.fixture
def door(tmp_path: Path) -> Any:
    """The check of the page's example, with the keys that the shop publishes."""
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/door.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    (tmp_path / "keys.json").write_bytes(orjson.dumps(key_set(SECRETS)))
    keys = names["read_keys"](tmp_path / "keys.json")
    return lambda text: names["check"](text, keys)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_example_verifies_tickets_of_every_secret(door: Any, secret: str) -> None:
    assert door(ticket_payload(CODE, 7, signing_key(secret))) == (CODE, 7)


def test_the_example_refuses_other_tickets_and_changed_ones(door: Any) -> None:
    with pytest.raises(KeyError):
        door(ticket_payload(CODE, 7, signing_key("another shop's secret")))
    genuine = ticket_payload(CODE, 7, signing_key(SECRETS[0]))
    with pytest.raises(InvalidSignature):
        door(genuine[:10] + ("A" if genuine[10] != "A" else "B") + genuine[11:])
