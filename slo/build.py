"""The list of all writers; each makes its files from the spec alone, so what is committed can be compared."""

from collections.abc import Callable
from pathlib import Path

from slo import alertmanager, docs, k6, openslo
from slo.dashboards import build as dashboards
from slo.rules import document as rules
from slo.ruletests import document as ruletests
from slo.spec import Spec

ROOT = Path(__file__).parents[1]

_WRITERS: tuple[Callable[[Spec], dict[Path, str]], ...] = (
    rules.write,
    ruletests.write,
    alertmanager.write,
    k6.write,
    dashboards.write,
    openslo.write,
    docs.write,
)


def files(spec: Spec) -> dict[Path, str]:
    """Everything that follows from the spec: path from the repository's root, and content."""
    return {path: text for write in _WRITERS for path, text in write(spec).items()}


def build(spec: Spec, root: Path = ROOT) -> list[Path]:
    """Write what differs, and remove what nothing makes any more; answers the paths of both."""
    made = files(spec)
    changed = differing(made, root)
    for path in changed:
        if path in made:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(made[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return changed


def differing(made: dict[Path, str], root: Path = ROOT) -> list[Path]:
    """Files that are missing, hold something else, or lie in slo/out although nothing makes them."""
    stale = [path for path, text in made.items() if _content(root / path) != text]
    present = (path.relative_to(root) for path in (root / "slo" / "out").rglob("*") if path.is_file())
    return sorted([*stale, *(path for path in present if path not in made)])


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
