"""Event files for tests."""

from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent

NOW = datetime.now(UTC)

HALL = """
halls:
  small-hall:
    - section: Stalls
      rows:
        - {rows: A-C, seats: 4}
"""


def event(slug: str = "night", *, tickets: str = "- {name: Floor, price: 20.00, capacity: 100}", **fields: str) -> str:
    """One entry of `events:`; fields replace or add to the usual ones."""
    values = {
        "slug": slug,
        "name": "A Night",
        "venue": "The Foundry",
        "city": "Dublin",
        "timezone": "Europe/Dublin",
        "starts_at": "2127-06-12 19:30",
        "currency": "EUR",
        **fields,
    }
    lines = "\n".join(f"{name}: {value}" for name, value in values.items())
    return "- " + indent(f"{lines}\ntickets:\n{indent(dedent(tickets).strip(), '  ')}\n", "  ").lstrip()


def selling(*tickets: str) -> str:
    """An entry with these ticket types: `name: A, price: 1, capacity: 1`."""
    return event(tickets="\n".join(f"- {{{ticket}}}" for ticket in tickets))


def season(*events: str, before: str = "") -> str:
    return f"{before}\nevents:\n" + "".join(indent(entry, "  ") for entry in events)


def write(folder: Path, text: str) -> Path:
    path = folder / "season.yaml"
    path.write_text(text, encoding="utf-8")
    return path
