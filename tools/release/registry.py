"""Images by their commit in an environment's registry: found, built and pushed, or copied from another one's.

A tag means one image for ever, so what is there already is what would be brought.
"""

from cdk import names
from tools.console import Failure
from tools.release import images
from tools.release.site import Site

DIGEST = "sha256:" + "0" * 64  # for showing


class Registry:
    """That of a site's account and region, asked by whoever its commands run as."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._commands = site.commands

    @property
    def host(self) -> str:
        return f"{self._site.settings.account}.dkr.ecr.{self._site.settings.region}.amazonaws.com"

    def address(self, image: str) -> str:
        """As docker knows it, without tag or digest."""
        return f"{self.host}/{names.repository(self._site.name, image)}"

    def digests(self, commit: str, *, example: str | None) -> dict[str, str]:
        """Of those images of the commit that are there. example: of each, for when nothing runs."""
        found = {image: self._digest(image, commit, example) for image in names.IMAGES}
        return {image: digest for image, digest in found.items() if digest}

    def log_in(self) -> None:
        """Let docker in, with the password unseen."""
        self._commands.pipe(
            self._site.aws("ecr", "get-login-password"),
            ("docker", "login", "--username", "AWS", "--password-stdin", self.host),
        )

    def build(self, image: str, commit: str) -> str:
        """Build and push; its digest."""
        tag = f"{self.address(image)}:{commit}"
        images.push(self._commands, image, tag=tag, revision=commit)
        digest = self._digest(image, commit, DIGEST)
        if digest is None:
            raise Failure(f"{tag} was pushed and is not there: look into the registry")
        return digest

    def copy(self, image: str, commit: str, source: "Registry", digest: str) -> None:
        """Bring what the source has under this digest, all platforms and what attests them, to the bit."""
        tag = f"{self.address(image)}:{commit}"
        create = ("docker", "buildx", "imagetools", "create", "--tag", tag)
        self._commands.run(*create, f"{source.address(image)}@{digest}")
        if self._digest(image, commit, digest) != digest:
            raise Failure(f"{tag} was copied and is not {digest}: look into both registries, and deploy nothing of it")

    def _digest(self, image: str, commit: str, example: str | None) -> str | None:
        """None while there is none."""
        repository = ("--repository-name", names.repository(self._site.name, image))
        wanted = ("--registry-id", self._site.settings.account, *repository, "--image-ids", f"imageTag={commit}")
        found = self._site.aws("ecr", "describe-images", *wanted, "--query", "imageDetails[0].imageDigest")
        return self._commands.find(*found, "--output", "text", absent="ImageNotFoundException", example=example)
