"""Builds both images for every platform and looks for known holes: `python -m tools.release.images [--dry-run]`.

Nothing is pushed: `make push` does that, from what the builder then has. It needs Docker with buildx, and Trivy; and,
where a platform is not this machine's, QEMU registered with the kernel, as Docker Desktop has it. LAYERS= names a
folder of what former builds have made, for a machine that has never built before: it is read, and then written anew.
"""

import argparse
import os
import re
import shutil
import signal
from pathlib import Path

from cdk import names
from tools import console
from tools.commands import Commands
from tools.console import step
from tools.release.site import programs
from tools.setup import ROOT

PLATFORMS = ("linux/amd64", "linux/arm64")
_BASE = re.compile(r"^ARG (\w+)=(\S+)$", re.MULTILINE)
_DIGEST = "sha256:" + "0" * 64  # for showing
_COMMIT = "0" * 40
_BUILDER = "aegistickets"
# Holes that an upgrade closes fail the build; what nobody has mended yet is listed and does not.
_FAILING = ("--severity", "HIGH,CRITICAL", "--ignore-unfixed", "--exit-code", "1")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make images", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="show every command and run none")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    layers = os.environ.get("LAYERS")
    build_and_scan(Commands(programs(), dry_run=options.dry_run), ROOT / layers if layers else None)
    return 0


def build_and_scan(commands: Commands, layers: Path | None = None) -> None:
    """Failure when one cannot be built, or has a hole rated high or worse that an upgrade would close."""
    revision = commands.ask("git", "rev-parse", "HEAD", example=_COMMIT)
    folder = ROOT / "build" / "images"
    if not commands.dry_run:
        folder.mkdir(parents=True, exist_ok=True)
    for image in names.IMAGES:
        build = _build(commands, image, revision)
        for platform in PLATFORMS:
            step(f"{image} for {platform}")
            name = f"{image}-{platform.rpartition('/')[2]}"
            layout = folder / name
            # Each platform alone, as Trivy takes the first one that it finds in an index.
            one = (*build, "--platform", platform, "--output", f"type=oci,dest={layout},tar=false")
            if layers is None:
                commands.run(*one)
            else:
                _build_from(layers / name, commands, one)
            commands.run("trivy", "image", "--input", layout, "--scanners", "vuln", *_FAILING)
    step("dry run: nothing was done" if commands.dry_run else "both images are built, and no hole is left open in them")


def push(commands: Commands, image: str, *, tag: str, revision: str) -> None:
    """Under this tag: an index of all platforms, with the provenance of each and what it consists of (SBOM)."""
    attested = ("--provenance", "mode=max", "--sbom", "true")
    build = _build(commands, image, revision)
    commands.run(*build, "--platform", ",".join(PLATFORMS), *attested, "--tag", tag, "--push")


def _build_from(layers: Path, commands: Commands, build: tuple[str, ...]) -> None:
    """With what was built before; written to a place of its own, as a folder that is written over only ever grows."""
    new = layers.with_name(f"{layers.name}.new")
    known = ("--cache-from", f"type=local,src={layers}") if layers.exists() else ()
    commands.run(*build, *known, "--cache-to", f"type=local,dest={new},mode=max")
    if not commands.dry_run:
        shutil.rmtree(layers, ignore_errors=True)
        new.rename(layers)


def _build(commands: Commands, image: str, revision: str) -> tuple[str, ...]:
    """By a builder of our own, made when it is not there: Docker's keeps neither indexes nor attestations."""
    if commands.find("docker", "buildx", "inspect", _BUILDER, absent="no builder", example=_BUILDER) is None:
        commands.run("docker", "buildx", "create", "--name", _BUILDER, "--driver", "docker-container")
    dockerfile = f"{image}/Dockerfile"
    bases = [
        part for name, base in _BASE.findall((ROOT / dockerfile).read_text()) for part in _base(commands, name, base)
    ]
    label = f"org.opencontainers.image.revision={revision}"
    return "docker", "buildx", "build", ".", "--builder", _BUILDER, "--file", dockerfile, "--label", label, *bases


def _base(commands: Commands, name: str, image: str) -> tuple[str, str]:
    """The argument that pins a base to what it is today."""
    inspect = ("docker", "buildx", "imagetools", "inspect", image, "--format", "{{.Manifest.Digest}}")
    return "--build-arg", f"{name}={image}@{commands.ask(*inspect, example=_DIGEST)}"


if __name__ == "__main__":
    console.run(main)
