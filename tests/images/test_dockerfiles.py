"""The images' recipes. Building them takes Docker; this is what can be checked without.

That is hadolint; the rules that matter to us; and that what is copied is all that is read.
"""

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from cdk import images
from tools.setup import ROOT

DOCKERFILES = ["backend/Dockerfile", "frontend/Dockerfile"]
Instruction = tuple[str, str]


def instructions(path: str) -> list[Instruction]:
    """Each instruction and its arguments on one line."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", (ROOT / path).read_text(), flags=re.MULTILINE))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in text.splitlines()) if name]


def last_stage(path: str) -> list[Instruction]:
    found = instructions(path)
    start = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def argument(path: str, name: str) -> str:
    """Of the one such instruction in the last stage."""
    (rest,) = [rest for each, rest in last_stage(path) if each == name]
    return rest


@pytest.mark.parametrize("path", DOCKERFILES)
def test_hadolint_finds_nothing(path: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([hadolint, ROOT / path], capture_output=True, text=True, check=False)
    assert (found.stdout, found.returncode) == ("", 0)


@pytest.mark.parametrize("path", DOCKERFILES)
def test_every_base_is_an_argument_so_that_its_digest_can_be_filled_in(path: str) -> None:
    found = instructions(path)
    defaults = dict(rest.split("=", 1) for name, rest in found if name == "ARG")
    bases = [rest.split()[0] for name, rest in found if name == "FROM"]
    assert {base.strip("${}") for base in bases} == set(defaults)
    for image in defaults.values():
        assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", image), f"{image} names no version"


@pytest.mark.parametrize("path", DOCKERFILES)
def test_it_runs_as_nobody_in_particular(path: str) -> None:
    assert argument(path, "USER") == f"{images.USER}:{images.USER}"


@pytest.mark.parametrize("path", DOCKERFILES)
def test_signals_reach_the_program_because_no_shell_starts_it(path: str) -> None:
    for name in ("ENTRYPOINT", "CMD"):
        assert isinstance(json.loads(argument(path, name)), list)


@pytest.mark.parametrize("path", DOCKERFILES)
def test_it_can_say_whether_it_is_well(path: str) -> None:
    assert isinstance(json.loads(argument(path, "HEALTHCHECK").partition("CMD ")[2]), list)


@pytest.mark.parametrize("path", DOCKERFILES)
def test_nothing_secret_is_built_in(path: str) -> None:
    given = " ".join(rest for name, rest in instructions(path) if name in {"ARG", "ENV"})
    assert re.findall("secret|password|token|_key", given, re.IGNORECASE) == []


@pytest.mark.parametrize("path", DOCKERFILES)
def test_the_build_installs_nothing_but_what_is_locked(path: str) -> None:
    commands = " ".join(rest for name, rest in instructions(path) if name == "RUN")
    assert re.findall(r"npm install|curl|wget|apt-get|pip install (?!--requirement)", commands) == []
    fetched = [rest for name, rest in instructions(path) if name == "ADD"]
    assert all("https://truststore.pki.rds.amazonaws.com/" in rest for rest in fetched)


def test_images_and_manifests_agree() -> None:
    assert argument("backend/Dockerfile", "EXPOSE") == f"{images.BACKEND_PORT} {images.METRICS_PORT}"
    assert argument("frontend/Dockerfile", "EXPOSE") == str(images.FRONTEND_PORT)
    assert f"listen {images.FRONTEND_PORT} " in (ROOT / "frontend/nginx.conf").read_text()
    copied = [rest.split()[-1] for name, rest in last_stage("backend/Dockerfile") if name == "COPY"]
    assert images.DATABASE_CA in copied


def test_what_is_copied_is_all_that_the_backend_reads(tmp_path: Path) -> None:
    sources = [rest.split() for name, rest in last_stage("backend/Dockerfile") if name == "COPY"]
    for source, target in (pair for pair in sources if len(pair) == 2):
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, tmp_path / target)
    command = [sys.executable, "-m", "backend", "openapi"]
    said = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert said.stderr == ""
    assert json.loads(said.stdout) == json.loads((ROOT / "backend/openapi.json").read_text())


def reaches_docker(path: str) -> bool:
    """Whether .dockerignore lets a build see the file: of its patterns the last that matches decides."""
    seen = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.lstrip("!")
        if line and not line.startswith("#") and _matches(path, pattern):
            seen = line.startswith("!")
    return seen


def _matches(path: str, pattern: str) -> bool:
    """Whether the pattern names the file or a folder above it."""
    parts = path.split("/")
    starts = range(len(parts)) if pattern.startswith("**/") else range(1)
    wanted = pattern.removeprefix("**/").split("/")
    return any(
        len(parts) - start >= len(wanted) and all(map(fnmatch, parts[start : start + len(wanted)], wanted))
        for start in starts
    )


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", ".env", "backend/.env", "frontend/.env.local", "backend/db/__pycache__/pool.pyc",
        "frontend/node_modules/react/index.js", "frontend/dist/index.html", "frontend/e2e/shop.ts", "tests/shop.py",
        "tools/local/up.py", "cdk.out/dev/tree.json", "build/kubeconfig-prod", ".data/postgres/PG_VERSION",
    ],
)  # fmt: skip
def test_a_build_never_sees(path: str) -> None:
    assert not reaches_docker(path)


@pytest.mark.parametrize("path", DOCKERFILES)
def test_a_build_sees_all_that_it_copies(path: str) -> None:
    sources = [rest.split()[:-1] for name, rest in instructions(path) if name == "COPY" and "--from" not in rest]
    wanted = [source for each in sources for source in each]
    for source in wanted:
        assert (ROOT / source).exists()
        assert reaches_docker(f"{source}/package.py" if (ROOT / source).is_dir() else source)
