"""What `cdk` synthesizes: the stacks of one environment, `cdk synth -c env=prod`; dev when none is named.

`-c account=` and `-c region=` take the place of the settings' own; see cdk/settings.
"""

from __future__ import annotations

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from cdk.settings import Environment, SettingsError, environment, examples
from cdk.stacks.environment import build


def main() -> int:
    """0 when the templates and their validation report were written; a wrong setting is one line."""
    app = App()
    try:
        env = _chosen(app)
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    if left := examples(env):
        sys.stderr.write(f"note: {env.name} is made of example values and cannot be deployed: {', '.join(left)}\n")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    build(app, env)
    app.synth()
    return 0


def _chosen(app: App) -> Environment:
    name, account, region = (app.node.try_get_context(key) for key in ("env", "account", "region"))
    return environment(name or "dev", account=account, region=region)


if __name__ == "__main__":
    sys.exit(main())
