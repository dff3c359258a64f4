"""Templates as they are kept in git, so that a change of the code shows what it changes on AWS.

`python -m tests.cdk.snapshot` writes them anew.
"""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cdk.settings import ENVIRONMENTS
from tests.cdk.assembly import Assembly, Template, start, synthesized

FOLDER = Path(__file__).parent / "snapshots"
# Names of files that the CDK uploads: the hash of what is in them, which changes with the library.
_ASSET = re.compile(r"[0-9a-f]{64}")
_BOILERPLATE = ("Rules",)


def normalized(template: Template) -> str:
    """Without what changes with every version of the CDK, and without what is the same in every template."""
    body = {key: value for key, value in template.body.items() if key not in _BOILERPLATE}
    body["Parameters"] = {name: it for name, it in body.get("Parameters", {}).items() if name != "BootstrapVersion"}
    body["Resources"] = {name: _without_metadata(resource) for name, resource in body["Resources"].items()}
    text = json.dumps({key: value for key, value in body.items() if value}, indent=1, sort_keys=True)
    return _ASSET.sub("ASSET", text) + "\n"


def _without_metadata(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key != "Metadata"}


def files(assembly: Assembly) -> dict[Path, str]:
    """Where each template is kept, and how it looks now."""
    return {FOLDER / assembly.env.name / f"{which}.json": normalized(template) for which, template in assembly}


def main() -> None:
    with TemporaryDirectory(prefix="tickets-cdk-") as folder:
        running = {name: start(Path(folder) / name, env=name) for name in ENVIRONMENTS}
        for assembly in synthesized(running, Path(folder)).values():
            for path, text in files(assembly).items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)


if __name__ == "__main__":
    main()
