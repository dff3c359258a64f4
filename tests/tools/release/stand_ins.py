"""Stand-ins for aws, kubectl, docker, cdk and others: they write down what they are asked, and answer as recorded."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cdk.names import IMAGES
from cdk.settings import environment
from tools.commands import Commands
from tools.release.deploy import deploy
from tools.release.protection import ATTRIBUTES
from tools.release.site import Site

ROOT = Path(__file__).parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "sha256:" + "ab" * 32
PERSON = "arn:aws:sts::111122223333:assumed-role/engineer/you"
PIPELINE = "arn:aws:sts::111122223333:assumed-role/tickets-{env}-delivery-DeployRole-1X/job"
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/tickets-dev/0123456789abcdef"
_NAMES = ("aws", "cdk", "cdk8s", "docker", "gh", "git", "kubectl", "python", "trivy")

# Each asks for its answer by a variable or a file beside it, so that a test says how the world is. `absent WORD` is how
# AWS says that there is none.
_SCRIPT = r"""#!/bin/sh
here="${0%/*}"
asked="${0##*/} $*"
lease="$MANIFESTS_TO.lease.json"
printf '%s\n' "$asked" >>"$here/asked"
absent() { echo "An error occurred ($1): there is no such thing" >&2; exit 254; }
count=0; [ ! -e "$here/count" ] || read -r count <"$here/count"; count=$((count + 1)); echo "$count" >"$here/count"
if [ "$FAIL_AT" = "$count" ]; then echo "the stand-in fails" >&2; exit 1; fi
case "$asked" in
  "git status"*) printf '%s' "$CHANGED" ;;
  "git rev-parse"*) echo COMMIT ;;
  "aws sts"*) echo "$CALLER" ;;
  "aws ssm"*) [ -z "$NOT_BOOTSTRAPPED" ] || absent ParameterNotFound ;;
  "aws ecr get-login-password"*) echo the-password ;;
  "docker login"*) cat >"$here/password" ;;
  "docker run "*zaproxy*) exit "${ZAP:-0}" ;;
  "docker buildx imagetools inspect"*) echo DIGEST ;;
  "docker buildx imagetools create"*) echo "$asked" >>"$here/pushed" ;;
  "docker buildx inspect"*) [ -z "$NO_BUILDER" ] || { echo 'ERROR: no builder "aegistickets" found' >&2; exit 1; } ;;
  "docker buildx build "*--cache-to*) mkdir -p "$(printf '%s' "$asked" | sed 's/.*,dest=\([^ ]*\),mode=max$/\1/')" ;;
  "docker buildx build "*--push*) echo "$asked" >>"$here/pushed" ;;
  "aws ecr describe-images"*)
    image="$(printf '%s' "$asked" | sed 's/.*--repository-name \([^ ]*\).*/\1/')"
    grep -qs "/$image:COMMIT " "$here/pushed" "$here/held" || absent ImageNotFoundException
    case "$image" in tickets-"$OTHER"/*) echo sha256:other ;; *) echo DIGEST ;; esac ;;
  "gh api"*"/ci.yml/"*) echo "$RUNS" ;;
  "gh api"*"/deploy-prod.yml/"*) echo "${BACK-$RUNS}" ;;
  "gh api"*"/deploy-dev.yml/"*) echo "${SOLD-$RUNS}" ;;
  "cdk8s synth"*) mkdir -p "$MANIFESTS_TO" && cp "$MANIFESTS_FROM"/* "$MANIFESTS_TO" ;;
  "aws eks describe-cluster"*deletionProtection*) [ -z "$NO_CLUSTER" ] || absent ResourceNotFoundException; echo True ;;
  "aws eks describe-cluster"*) [ -z "$NO_CLUSTER" ] || absent ResourceNotFoundException; echo '"ACTIVE"' ;;
  "aws elbv2 describe-load-balancer-attributes"*)
    looks="$(grep -c describe-load-balancer-attributes "$here/asked")"
    [ "$looks" -gt "${STILL_PROTECTED:-0}" ] && grep -q "annotate ingress/" "$here/asked" && echo false || echo true ;;
  *"get ingress --output json") cat "$here/ingresses" ;;
  *"delete ingress "*)
    ! grep -q deletion_protection.enabled=true "$here/ingresses" || grep -q "annotate ingress/" "$here/asked" ||
      { echo "deletion_protection is enabled, cannot delete the ingress: aegistickets" >&2; exit 1; } ;;
  "aws elbv2 describe-load-balancers"*DNSName*) printf 'lb.example.com\tZ32O12XQLNTSW2\tBALANCER\n' ;;
  "aws elbv2 describe-load-balancers"*) [ -z "$NO_CLUSTER" ] || absent LoadBalancerNotFound; echo BALANCER ;;
  "aws cloudformation describe-stacks"*DatabaseHost*) echo tickets-prod-db.abc.eu-west-1.rds.amazonaws.com ;;
  "aws cloudformation describe-stacks"*ROLLBACK_*) echo "$HALF_MADE" ;;
  "aws cloudformation describe-stacks"*) echo tickets-prod-network tickets-prod-cluster tickets-prod-edge ;;
  "aws cloudformation update-termination-protection"*) echo "$asked" >>"$here/unprotected" ;;
  "cdk deploy"*)
    for each in $HALF_MADE; do
      grep -qs -- "--no-enable-termination-protection --stack-name $each " "$here/unprotected" ||
        { echo "Stack [$each] cannot be deleted while TerminationProtection is enabled" >&2; exit 1; }
    done ;;
  "aws resourcegroupstaggingapi"*) echo arn:aws:rds:eu-west-1:111122223333:snapshot:left ;;
  *"get deployment backend"*) echo "$BACKEND" ;;
  *"get lease/"*) cat "$here/lease" 2>/dev/null ;;
  *" create --filename "*.lease.json*)
    [ -z "$NO_NAMESPACE" ] || { echo 'Error from server (NotFound): namespaces "tickets-dev" not found' >&2; exit 1; }
    [ ! -s "$here/lease" ] || { echo 'Error from server (AlreadyExists): leases "release" already exists' >&2; exit 1; }
    sed 's/"name": "release"/"name": "release", "resourceVersion": "1"/' "$lease" >"$here/lease"
    echo 1 ;;
  *" replace --filename "*.lease.json*)
    version="$(sed 's/.*"resourceVersion": "\([0-9]*\)".*/\1/' "$lease")"
    grep -qs "\"resourceVersion\": \"$version\"" "$here/lease" ||
      { echo 'Error from server (Conflict): the object has been modified' >&2; exit 1; }
    sed "s/\"resourceVersion\": \"$version\"/\"resourceVersion\": \"$((version + 1))\"/" "$lease" >"$here/lease"
    echo "$((version + 1))" ;;
  *"get targetgroupbindings"*) echo "${KNOWN-backend frontend payments}" ;;
  *"get job/probe-"*) echo "${PROBE_JOB:-Complete}" ;;
  *" apply "*-backend.k8s.yaml*)
    file="$(printf '%s' "$asked" | sed 's/.* \([^ ]*-backend.k8s.yaml\).*/\1/')"
    [ -z "$KEEP_APPLIED" ] || cp "$file" "$KEEP_APPLIED/backend" ;;
  *"delete prometheus."*)
    [ -z "$NO_OPERATOR" ] || { echo "error: the server doesn't have a resource type" >&2; exit 1; } ;;
  *"get externalsecret/"*)
    echo "2026-11-23T12:00:0$([ -n "$STALE" ] && echo 0 || grep -c 'annotate externalsecret/' "$here/asked")Z" ;;
  *"get secrets application payment-keys"*) echo "${SECRETS:-7 8}" ;;
  *"get hpa/"*) echo "$LEAST" ;;
  *" logs job/"*) [ -z "$NO_LOG" ] || { echo "error: timed out waiting for the condition" >&2; exit 1; } ;;
  *"get job/"*) echo "$JOB" ;;
  *" get configmaps --selector app.kubernetes.io/component=release"*) cat "$here/releases" 2>/dev/null ;;
  *" get deployments "*) echo "$RUNNING" ;;
  *" get "*"--selector"*) cat "$here/present" 2>/dev/null ;;
  *"port-forward"*) echo "Forwarding from 127.0.0.1:54321 -> 9090"; exec sleep 60 ;;
  "python -m slo gate"*) exit "${GATE:-0}" ;;
  "python -m tools.load")
    echo "$SCENARIO $HOST $EVENT $RATE $DURATION" >>"$here/loads"
    [ "$(wc -l <"$here/loads")" -gt "${SLOW:-0}" ] || exit 1 ;;
esac
exit 0
"""


@dataclass(frozen=True)
class World:
    """Where the stand-ins are. variables: how they find the world; see the script."""

    folder: Path
    env: str = "dev"
    variables: Mapping[str, str] = field(default_factory=dict)

    def changed(self, **variables: str) -> "World":
        return replace(self, variables={**self.variables, **variables})

    def site(self, *, dry_run: bool = False) -> Site:
        """The environment, with nothing but stand-ins on PATH before the system's own."""
        manifests = {"MANIFESTS_FROM": str(self.folder / "made"), "MANIFESTS_TO": str(self.folder / "dist" / self.env)}
        usual = {"CALLER": PERSON, "BACKEND": "deployment.apps/backend", "JOB": "Complete", "RUNS": runs("success")}
        path = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin"}
        env = {**os.environ, **usual, **manifests, **self.variables, **path}
        return Site(environment(self.env), Commands(env, dry_run=dry_run))

    @property
    def asked(self) -> list[str]:
        """What was asked of the stand-ins so far, in order."""
        log = self.folder / "bin" / "asked"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def password(self) -> str:
        """What docker was given on its standard input."""
        return (self.folder / "bin" / "password").read_text().strip()

    @property
    def loads(self) -> list[str]:
        """What k6 was to do, each time."""
        log = self.folder / "bin" / "loads"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def holder(self) -> str:
        """Who holds the lease; nothing when nobody does."""
        lease = self.folder / "bin" / "lease"
        return str(json.loads(lease.read_text())["spec"]["holderIdentity"]) if lease.exists() else ""

    def has_images(self, *environments: str) -> None:
        """Have the registries of these hold both images, whatever is forgotten."""
        held = [f"/tickets-{env}/{image}:{COMMIT} \n" for env in environments for image in IMAGES]
        (self.folder / "bin" / "held").write_text("".join(held))

    def forget(self) -> None:
        for name in ("asked", "count", "lease", "loads", "password", "pushed"):
            (self.folder / "bin" / name).unlink(missing_ok=True)

    def is_there(self, *resources: str) -> None:
        """Have the cluster hold these, as kubectl names them."""
        (self.folder / "bin" / "present").write_text("\n".join(resources))


def stand_ins(folder: Path, env: str, manifests: Path) -> World:
    """A world in this folder, in which cdk8s makes these manifests."""
    (folder / "bin").mkdir()
    (folder / "made").symlink_to(manifests)
    script = _SCRIPT.replace("COMMIT", COMMIT).replace("DIGEST", DIGEST).replace("BALANCER", BALANCER)
    for name in _NAMES:
        (folder / "bin" / name).write_text(script)
        (folder / "bin" / name).chmod(0o755)
    (folder / "bin" / "ingresses").write_text(json.dumps({"items": [_ingress(env)]}))
    return World(folder, env)


def _ingress(env: str) -> dict[str, Any]:
    """As the manifests make it."""
    protected = str(environment(env).protected).lower()
    more = ("idle_timeout.timeout_seconds=60", "access_logs.s3.enabled=true")
    attributes = f"{more[0]},deletion_protection.enabled={protected},{more[1]}"
    return {"metadata": {"name": "aegistickets", "annotations": {ATTRIBUTES: attributes}}}


def deployed(world: World, **variables: str) -> list[str]:
    """Deploy; what was asked of the programs."""
    deploy(world.site(), variables)
    return world.asked


def runs(conclusion: str, commit: str = COMMIT) -> str:
    """What GitHub says of a workflow that ran once."""
    run = {"id": 1, "status": "completed", "conclusion": conclusion, "display_title": f"deploy-dev {commit}"}
    return json.dumps({"workflow_runs": [run]})


def first(asked: list[str], pattern: str) -> int:
    """Where the first command of this look was."""
    return next(place for place, line in enumerate(asked) if re.search(pattern, line))


def ended_there(asked: list[str], number: int) -> bool:
    """Whether nothing came after so many commands but giving the lease back."""
    return len(asked) >= number and all(
        re.search(r"replace --filename \S+\.lease\.json", line) for line in asked[number:]
    )


def shown(output: str) -> list[str]:
    """The commands among what was printed, as the stand-ins know them: both sides of a pipe, nothing in front."""
    lines = re.findall(r"^  \$ (.*)$", output, re.MULTILINE)
    return [part.strip() for line in lines for part in line.split(" | ")]
