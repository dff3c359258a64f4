"""What is watched by AWS, and whom it tells."""

from __future__ import annotations

from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from cdk import names
from cdk.constructs import watches
from cdk.constructs.alarm_topic import REPORTERS, alarm_topic
from cdk.constructs.alarms import alarms
from cdk.constructs.dashboard import dashboard
from cdk.constructs.keys import encryption_key
from cdk.settings import Environment
from cdk.stacks.common import outputs, properties
from cdk.stacks.database import DatabaseStack
from cdk.stacks.messaging import MessagingStack
from cdk.stacks.platform import PlatformStack

# What RDS tells by itself: a failover, a standby or volume in trouble, a restart, a replica that falls behind.
DATABASE_EVENTS = (
    "availability",
    "failover",
    "failure",
    "low storage",
    "maintenance",
    "notification",
    "read replica",
    "recovery",
)
NO_LOAD_BALANCER = "app/none-yet/0000000000000000"


class ObservabilityStack(Stack):
    """Alarms and a dashboard for what Prometheus does not see, and where they report to."""

    def __init__(
        self,
        scope: Construct,
        *,
        env: Environment,
        platform: PlatformStack,
        database: DatabaseStack,
        messaging: MessagingStack,
    ) -> None:
        super().__init__(scope, "Observability", **properties(env, names.Stack.OBSERVABILITY, "alarms"))
        name = names.prefix(env.name)
        key = encryption_key(self, "Key", purpose="Alarms on their way", protected=False, services=REPORTERS)
        self.topic = alarm_topic(self, "Alarms", name=f"{name}-alarms", address=env.monitoring.alarm_address, key=key)
        sections = {
            "Load balancer": watches.load_balancer(self._load_balancer()),
            "Database": watches.database(database.instance.instance_identifier, env.database),
            "Letters": [
                *watches.queue(messaging.letters.queue.queue_name, messaging.letters.dead_letters.queue_name),
                *watches.mail(),
            ],
        }
        alarms(
            self,
            "Watches",
            prefix=name,
            topic=self.topic,
            watches=[watch for section in sections.values() for watch in section],
        )
        dashboard(self, "Dashboard", name=name, sections=sections)
        events = rds.CfnEventSubscription(
            self,
            "DatabaseEvents",
            sns_topic_arn=self.topic.topic_arn,
            source_type="db-instance",
            source_ids=[database.instance.instance_identifier],
            event_categories=list(DATABASE_EVENTS),
        )
        # RDS publishes a first message while it is being made, and refuses a topic that does not let it.
        events.node.add_dependency(self.topic.node.find_child("Policy"))
        # Alertmanager reports to the same people, by the same topic.
        iam.Policy(
            self,
            "Report",
            roles=[platform.alertmanager.role],
            statements=[
                iam.PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn]),
                iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]),
            ],
        )
        outputs(self, {names.Output.ALARM_TOPIC: self.topic.topic_arn})

    def _load_balancer(self) -> str:
        parameter = CfnParameter(
            self,
            str(names.Parameter.LOAD_BALANCER_NAME),
            type="String",
            default=NO_LOAD_BALANCER,
            allowed_pattern="app/[^/]+/[0-9a-f]+",
            description="The end of the load balancer's ARN, once the application has one",
        )
        return parameter.value_as_string
