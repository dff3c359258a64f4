"""Opens Grafana of ENV=dev or prod on this machine until Ctrl-C: `python -m tools.release.grafana`.

Needs the AWS CLI and kubectl on PATH, credentials that may take on the cluster's administrator role, and, where the
cluster answers inside its VPC only, a way in.
"""

import os
import shutil
import subprocess

from cdk import names
from cdk.settings import SettingsError, environment
from tools import console
from tools.console import Failure, say
from tools.setup import ROOT

PORT = "3000"


def main(_arguments: list[str]) -> int:
    env = os.environ.get("ENV", "")
    try:
        settings = environment(env)
    except SettingsError as error:
        raise Failure(f"{error}; name one with ENV=") from None
    for program in ("aws", "kubectl"):
        if shutil.which(program) is None:
            raise Failure(f"{program} is not on PATH: install it and try again")
    config = ROOT / "build" / f"kubeconfig-{env}"
    config.parent.mkdir(exist_ok=True)
    role = f"arn:aws:iam::{settings.account}:role/{names.administrator(env)}"
    where = ["--region", settings.region]
    _run(
        "aws",
        "eks",
        "update-kubeconfig",
        "--name",
        names.cluster(env),
        "--role-arn",
        role,
        "--kubeconfig",
        str(config),
        *where,
    )
    secret = names.secret(env, names.Secret.GRAFANA)
    say(f"Grafana of {env}: http://localhost:{PORT} (Ctrl-C closes it). User and password:")
    read = f"aws secretsmanager get-secret-value --secret-id {secret} {' '.join(where)}"
    say(f"  {read} --query SecretString --output text")
    forward = ("--namespace", names.MONITORING, "port-forward", f"service/{names.GRAFANA}", f"{PORT}:80")
    _run("kubectl", "--kubeconfig", str(config), *forward)
    return 0


def _run(*command: str) -> None:
    """Show what it says; a Failure when it does not end well."""
    if subprocess.run(command, check=False).returncode != 0:
        raise Failure(f"`{' '.join(command[:3])} …` failed: see its output above")


if __name__ == "__main__":
    console.run(main)
