"""An emulated AWS at http://localhost:PORT: `python -m tests.cdk.emulated.server ENV FOLDER`.

It is the account and region of that environment, with the hosted zone in it that has to be there before the stacks.
Prints its port once it listens. FOLDER holds what no emulated service keeps.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.route53.models import route53_backends
from werkzeug.serving import make_server

from cdk.settings import Environment, environment
from tests.cdk.emulated import eks, services, stored, strict
from tests.cdk.emulated.api import Place
from tests.cdk.emulated.resource import Emulated

MAKERS = {**eks.MAKERS, **services.MAKERS, **stored.MAKERS}


class Quiet(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_request: object) -> None:
        """A deploy is some thousand requests."""


def main(name: str, folder: str) -> None:
    env = environment(name)
    os.environ["MOTO_ACCOUNT_ID"] = env.account
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    strict.install()
    Emulated.makers = MAKERS
    Emulated.place = Place(f"http://localhost:{server.port}", Path(folder), env.account, env.region)
    _add_zone(env)
    print(server.port, flush=True)  # noqa: T201 - for the process that started this one
    server.serve_forever()


def _add_zone(env: Environment) -> None:
    """The zone of the domain, by the id that the settings know it by."""
    known = route53_backends[env.account]["aws"]
    zone = known.create_hosted_zone(env.edge.zone_name, private_zone=False)
    known.zones = {env.edge.zone_id: zone}
    zone.resource_id = env.edge.zone_id


if __name__ == "__main__":
    main(*sys.argv[1:])
