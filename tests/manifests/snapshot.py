"""Manifests as they are kept in git, so that a change of the code shows what it changes in the cluster.

`python -m tests.manifests.snapshot` writes them anew. What follows from the promise has its own place, slo/out.
"""

from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from cdk.settings import ENVIRONMENTS
from tests.manifests.writing import finish, start

FOLDER = Path(__file__).parent / "snapshots"
GENERATED = ("PrometheusRule", "AlertmanagerConfig", "ConfigMap")


def kept(folder: Path) -> dict[str, str]:
    """Name of each file, and its text without what is generated from the promise."""
    return {path.name: _without_generated(path.read_text()) for path in sorted(folder.glob("*.k8s.yaml"))}


def _without_generated(text: str) -> str:
    documents = text.split("---\n")
    return "---\n".join(each for each in documents if not any(f"\nkind: {kind}\n" in each for kind in GENERATED))


def main() -> None:
    with TemporaryDirectory(prefix="tickets-manifests-") as temporary:
        for name in ENVIRONMENTS:
            folder = Path(temporary) / name
            status, errors = finish(start(folder, name))
            assert status == 0, errors
            rmtree(FOLDER / name, ignore_errors=True)
            (FOLDER / name).mkdir(parents=True)
            for file, text in kept(folder).items():
                (FOLDER / name / file).write_text(text)


if __name__ == "__main__":
    main()
