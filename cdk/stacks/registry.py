"""Where images are kept, of one account for itself and for others."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from constructs import Construct

from cdk import names
from cdk.constructs.image_repository import image_repository
from cdk.constructs.keys import encryption_key
from cdk.settings import Environment
from cdk.stacks.common import outputs, properties


class RegistryStack(Stack):
    """A repository for each image that we build. readers: other accounts that take images from here."""

    def __init__(self, scope: Construct, *, env: Environment, readers: Sequence[str] = ()) -> None:
        super().__init__(scope, "Registry", **properties(env, names.Stack.REGISTRY, "images"))
        key = encryption_key(self, "Key", purpose="Images", protected=env.protected)
        self.repositories = [
            image_repository(
                self,
                image.title(),
                name=names.repository(env.name, image),
                key=key,
                protected=env.protected,
                readers=readers,
            )
            for image in names.IMAGES
        ]
        backend, frontend = self.repositories
        outputs(
            self,
            {
                names.Output.BACKEND_REPOSITORY: backend.repository_uri,
                names.Output.FRONTEND_REPOSITORY: frontend.repository_uri,
            },
        )
