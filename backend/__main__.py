"""The command line: `python -m backend COMMAND`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from backend.db.errors import DatabaseError, Rejected, Unavailable
from backend.db.migrate import MigrationError
from backend.settings import Settings, SettingsError
from backend.telemetry.promise_faults import PromiseError

_NO_SUCH_TABLE = "42P01"


_NO_DATABASE = {"DATABASE_URL": "postgresql://nobody@nowhere/nothing"}  # keys follow from the secrets alone
_NO_SECRET = {"SECRET_KEY": "signs nothing here"}  # whoever looks at the database needs no key to the orders


def main(arguments: list[str]) -> int:
    """Run one command; 0 when it did what it says, 1 with one line that says what to do when it could not."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "psp":
            return _run_psp()
        return _run(options)
    except (SettingsError, PromiseError, MigrationError, DatabaseError, ValueError, OSError) as error:
        sys.stderr.write(f"{options.command}: {_what_to_do(error)}\n")
        return 1


def _what_to_do(error: Exception) -> str:
    match error:
        case Unavailable():
            return f"the database of DATABASE_URL cannot be reached: {error}"
        case Rejected() if error.sqlstate == _NO_SUCH_TABLE:
            return f"{error}: run `python -m backend migrate` first"
    return str(error)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="answer customers over HTTP")
    commands.add_parser("worker", help="relay events, expire holds, settle payments")
    migrate = commands.add_parser("migrate", help="bring the schema up to date")
    migrate.add_argument("--phase", choices=["pre", "post", "all"], default="all", help="before or after a rollout")
    migrate.add_argument("--login", type=Path, metavar="FILE.json", help="then let the application in by this login")
    rotate = commands.add_parser("rotate", help="give the application a new database password")
    rotate.add_argument("secret", help="of Secrets Manager, where the login is kept")
    commands.add_parser("seed", help="publish the demo catalogue; refused in production")
    events = commands.add_parser("events", help="publish, change and withdraw events")
    apply = events.add_subparsers(dest="action", required=True).add_parser("apply", help="make it so as FILE says")
    apply.add_argument("file", type=Path, metavar="FILE.yaml")
    redrive = commands.add_parser("redrive", help="deliver dead letters again")
    redrive.add_argument("--sink", help="only those of this sink")
    commands.add_parser("check", help="check the invariants: stock, orders and money")
    prescale = commands.add_parser("prescale", help="in a cluster: have pods ready before a sale opens")
    prescale.add_argument("autoscaler", metavar="AUTOSCALER", help="in the pod's own namespace")
    for option, meaning in (
        ("least", "pods at any time"),
        ("most", "pods at all"),
        ("tickets-a-pod", "tickets on sale at once for which a pod is needed"),
        ("lead-minutes", "before they go on sale"),
        ("stay-minutes", "after it"),
    ):
        prescale.add_argument(f"--{option}", type=int, required=True, metavar="N", help=meaning)
    commands.add_parser("probe", help="buy a ticket of an unlisted event at PUBLIC_URL, and give it back")
    commands.add_parser("openapi", help="print the API's OpenAPI document, as backend/openapi.json keeps it")
    commands.add_parser("settings", help="print the list of environment variables, as docs/settings.md keeps it")
    commands.add_parser(
        "ticket-keys", help="print the public keys by which doors verify tickets, as a JSON Web Key Set"
    )
    commands.add_parser("psp", help="run the test payment provider; refused in production")
    return parser


def _run(options: argparse.Namespace) -> int:
    # Imported here, so that the payment provider, a service of its own, loads nothing of the shop.
    from backend import app, chores, parts, variables, worker  # noqa: PLC0415 - see above

    if options.command == "openapi":
        sys.stdout.write(app.openapi_json())
        return 0
    if options.command == "settings":
        sys.stdout.write(variables.settings_page())
        return 0
    if options.command == "ticket-keys":
        sys.stdout.write(parts.ticket_keys(Settings.from_env({**_NO_DATABASE, **os.environ})))
        return 0
    if options.command == "serve":
        return app.serve(Settings.from_env(os.environ))
    if options.command == "worker":
        return worker.work(Settings.from_env(os.environ))
    settings = Settings.from_env({**_NO_SECRET, **os.environ})
    return asyncio.run(chores.COMMANDS[options.command](settings, options))


def _run_psp() -> int:
    from backend.psp.options import PspOptions  # noqa: PLC0415 - the shop loads nothing of the provider
    from backend.psp.service import run  # noqa: PLC0415 - see above

    run(PspOptions.from_env(os.environ))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
