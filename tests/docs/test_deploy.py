"""docs/deploy.md: numbers that follow from the settings."""

from cdk.settings import environment
from cdk.settings.cluster import INSTANCES
from tests.docs.pages import sections


def test_enough_processors_are_asked_for_that_every_node_may_come() -> None:
    most = {
        env.name: max(INSTANCES[name][0] for name in env.cluster.instances)
        * env.cluster.most_nodes
        * len(env.network.zones)
        for env in map(environment, ("dev", "prod"))
    }
    assert f"{most['dev']} in `dev`, {most['prod']} in `prod`" in sections("docs/deploy.md")["From zero"]
