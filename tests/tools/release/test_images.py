"""`make images` with stand-ins for Docker and Trivy."""

from pathlib import Path

import pytest

from tests.tools.release.stand_ins import DIGEST, World, stand_ins
from tools.console import Failure
from tools.release import images


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(images, "ROOT", Path(__file__).parents[3])
    return stand_ins(tmp_path, "dev", tmp_path)


def test_each_image_is_built_and_looked_into_for_each_platform_and_none_is_pushed(world: World) -> None:
    images.build_and_scan(world.site().commands)
    built = [line for line in world.asked if line.startswith("docker buildx build ")]
    looked = [line for line in world.asked if line.startswith("trivy image ")]
    assert len(built) == len(looked) == 2 * len(images.PLATFORMS)
    assert [line for line in built if "--push" in line or f"@{DIGEST}" not in line] == []
    assert all("--severity HIGH,CRITICAL --ignore-unfixed --exit-code 1" in line for line in looked)


def test_a_hole_that_an_upgrade_closes_ends_it(world: World) -> None:
    images.build_and_scan(world.site().commands)
    number = next(n for n, line in enumerate(world.asked, 1) if line.startswith("trivy"))
    world.forget()
    with pytest.raises(Failure, match=r"^`trivy image --input \S+ …` failed"):
        images.build_and_scan(world.changed(FAIL_AT=str(number)).site().commands)


def test_a_builder_that_can_keep_attestations_is_made_once(world: World) -> None:
    images.build_and_scan(world.changed(NO_BUILDER="1").site().commands)
    create = "docker buildx create --name aegistickets --driver docker-container"
    assert create in world.asked
    world.forget()
    images.build_and_scan(world.site().commands)
    assert create not in world.asked


def test_what_was_built_before_is_used_and_replaced_by_what_is_built_now(world: World, tmp_path: Path) -> None:
    layers = tmp_path / "layers"
    (layers / "backend-amd64" / "former").mkdir(parents=True)
    images.build_and_scan(world.site().commands, layers)
    built = [line for line in world.asked if line.startswith("docker buildx build ")]
    assert [line for line in built if f"--cache-from type=local,src={layers}/" in line] == built[:1]
    assert {path.name for path in layers.iterdir()} == {
        f"{image}-{platform}" for image in ("backend", "frontend") for platform in ("amd64", "arm64")
    }
    assert not (layers / "backend-amd64" / "former").exists()
    images.build_and_scan(world.site().commands, layers)
    last = layers / "frontend-arm64"
    assert f"--cache-from type=local,src={last} --cache-to type=local,dest={last}.new,mode=max" in world.asked[-2]
