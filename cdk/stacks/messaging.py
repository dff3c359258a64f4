"""What leaves the shop: events, letters, and what pods may do of AWS to send them."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk import names
from cdk.constructs.findings import accept
from cdk.constructs.keys import encryption_key
from cdk.constructs.mail import Mail
from cdk.constructs.pod_role import PodRole
from cdk.constructs.queue import EventQueue
from cdk.settings import Environment
from cdk.stacks.cluster import ClusterStack
from cdk.stacks.common import outputs, properties
from cdk.stacks.database import DatabaseStack

# Kinds of events that a letter is written for (backend/features/mail); a test keeps the two lists the same.
LETTERS = ("order.cancelled", "order.paid", "refund.done", "refund.due", "refund.failed")

_ANY_IDENTITY = "AwsSolutions-IAM5[Resource::arn:aws:ses:{region}:{account}:identity/*]"
_FROM_US_ALONE = "In SES's sandbox recipients are identities too; the sender's address is exact, so is the account."


class MessagingStack(Stack):
    """The topic of domain events, the queue of those that become letters, mail, and the roles of the pods."""

    def __init__(self, scope: Construct, *, env: Environment, cluster: ClusterStack, database: DatabaseStack) -> None:
        super().__init__(scope, "Messaging", **properties(env, names.Stack.MESSAGING, "events and mail"))
        name = names.prefix(env.name)
        # Two keys, because the queue's names the topic, and the topic cannot wait for a key that waits for it.
        self.keys = [
            encryption_key(self, f"{what}Key", purpose=f"{what} of domain events", protected=env.protected)
            for what in ("Topic", "Queues")
        ]
        topic_key, queue_key = self.keys
        self.topic = sns.Topic(self, "Events", topic_name=f"{name}-events", master_key=topic_key, enforce_ssl=True)
        self.letters = EventQueue(
            self, "Letters", name=f"{name}-letters", topic=self.topic, kinds=LETTERS, key=queue_key
        )
        self.mail = Mail(self, "Mail", name=name, domain=env.edge.domain, zone_id=env.edge.zone_id)
        self._role(env, cluster, names.ServiceAccount.BACKEND)
        worker = self._role(
            env, cluster, names.ServiceAccount.WORKER, self._publish(), self._consume(), self._send(), self._use_keys()
        )
        accept(worker, {_ANY_IDENTITY.format(region=self.region, account=self.account): _FROM_US_ALONE})
        self._role(env, cluster, names.ServiceAccount.ROTATION, *_rotate(database))
        outputs(
            self,
            {
                names.Output.TOPIC: self.topic.topic_arn,
                names.Output.MAIL_QUEUE: self.letters.queue.queue_url,
                names.Output.MAIL_CONFIGURATION: self.mail.configuration.configuration_set_name,
            },
        )

    def _role(
        self,
        env: Environment,
        cluster: ClusterStack,
        service_account: names.ServiceAccount,
        *statements: iam.PolicyStatement,
    ) -> PodRole:
        return PodRole(
            self,
            service_account.name.title(),
            cluster_name=cluster.cluster.cluster_name,
            namespace=names.namespace(env.name),
            service_account=str(service_account),
            statements=statements,
        )

    def _publish(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn])

    def _consume(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            actions=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
            resources=[self.letters.queue.queue_arn],
        )

    def _send(self) -> iam.PolicyStatement:
        """While the account is in SES's sandbox a recipient is an identity too, and SES asks for leave to use it."""
        configuration = self.format_arn(
            service="ses", resource="configuration-set", resource_name=self.mail.configuration.configuration_set_name
        )
        return iam.PolicyStatement(
            actions=["ses:SendEmail", "ses:SendRawEmail"],
            resources=[self.format_arn(service="ses", resource="identity", resource_name="*"), configuration],
            conditions={"StringEquals": {"ses:FromAddress": self.mail.sender}},
        )

    def _use_keys(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn for key in self.keys]
        )


def _rotate(database: DatabaseStack) -> list[iam.PolicyStatement]:
    """Read the application's login and write its successor; the owner's password comes as a file."""
    return [
        iam.PolicyStatement(
            actions=["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
            resources=[database.login.secret_arn],
        ),
        iam.PolicyStatement(
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[database.key.key_arn],
        ),
    ]
