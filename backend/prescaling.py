"""Has pods ready before a sale opens: an autoscaler only follows, and a sale needs them within its first second.

Raising how many pods there are at least also brings the nodes for them, which takes minutes; the autoscaler takes the
pods away again when the sale has calmed down.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from backend.db.pool import Database
from backend.features.catalogue.openings import tickets_opening

# What Kubernetes puts into a pod whose account may use its API.
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many pods for how many tickets. lead: before they go on sale. stay: after, for those who wait their turn."""

    least: int
    most: int
    tickets_a_pod: int
    lead: timedelta
    stay: timedelta

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise ValueError(f"--least {self.least} and --most {self.most}: expected 1 <= least <= most")
        if self.tickets_a_pod < 1:
            raise ValueError(f"--tickets-a-pod is {self.tickets_a_pod}: at least 1")

    def pods(self, tickets: int) -> int:
        """At least so many, when so many tickets open at once."""
        return min(max(self.least, -(-tickets // self.tickets_a_pod)), self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where this pod reaches the cluster's API, and as whom."""

    url: str
    namespace: str
    token: str = field(repr=False)
    trusted: ssl.SSLContext | None = None

    @classmethod
    def of_pod(cls, variables: Mapping[str, str], account: Path = ACCOUNT) -> Cluster:
        """ValueError outside a pod, or in one that has no token."""
        try:
            host, port = variables["KUBERNETES_SERVICE_HOST"], variables["KUBERNETES_SERVICE_PORT"]
            token, namespace = ((account / name).read_text().strip() for name in ("token", "namespace"))
            trusted = ssl.create_default_context(cafile=account / "ca.crt")
        except (KeyError, OSError) as error:
            raise ValueError(f"this is no pod with access to its cluster's API: {error} is missing") from None
        # From Python 3.13 on, a root must name its key's identifier, and those of some EKS clusters do not.
        trusted.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return cls(url=f"https://{host}:{port}", namespace=namespace, token=token, trusted=trusted)


async def prescale(database: Database, cluster: Cluster, autoscaler: str, plan: Plan, now: datetime) -> int:
    """Set how many pods there are at least, and answer it. ValueError when the cluster refuses."""
    tickets = await tickets_opening(database, since=now - plan.stay, until=now + plan.lead)
    pods = plan.pods(tickets)
    await _set_least(cluster, autoscaler, pods)
    return pods


async def _set_least(cluster: Cluster, autoscaler: str, pods: int) -> None:
    path = f"/apis/autoscaling/v2/namespaces/{cluster.namespace}/horizontalpodautoscalers/{autoscaler}"
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    headers = {"Authorization": f"Bearer {cluster.token}", "Content-Type": "application/merge-patch+json"}
    try:
        async with (
            aiohttp.ClientSession(cluster.url, timeout=timeout, headers=headers) as session,
            session.patch(
                path,
                params={"fieldManager": "prescaling"},
                json={"spec": {"minReplicas": pods}},
                ssl=cluster.trusted or True,
            ) as answer,
        ):
            if answer.status != 200:
                raise ValueError(f"the cluster answers {answer.status} to {path}: {(await answer.text())[:200]}")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ValueError(f"the cluster's API cannot be reached: {error}") from None
