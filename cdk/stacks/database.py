"""Where everything is that must not be lost."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from cdk import names
from cdk.constructs.escape import present
from cdk.constructs.keys import encryption_key
from cdk.constructs.postgres import Postgres
from cdk.constructs.secret import generated_secret
from cdk.settings import Environment
from cdk.stacks.common import outputs, properties
from cdk.stacks.network import NetworkStack


class DatabaseStack(Stack):
    """PostgreSQL, Multi-AZ, reachable from the cluster's nodes only; the owner's secret and the application's."""

    def __init__(self, scope: Construct, *, env: Environment, network: NetworkStack) -> None:
        super().__init__(scope, "Database", **properties(env, names.Stack.DATABASE, "database"))
        # Kept wherever it is: a snapshot or a log that outlives the stack can be read by its key only.
        self.key = encryption_key(self, "Key", purpose="Database, its backups and secrets", protected=True)
        postgres = Postgres(
            self,
            "Postgres",
            name=names.database(env.name),
            settings=env.database,
            vpc=network.vpc,
            subnets=network.data,
            key=self.key,
            protected=env.protected,
        )
        self.instance = postgres.instance
        self.security_group = postgres.security_group
        self.owner: secrets.ISecret = present(postgres.instance.secret)
        self.login = generated_secret(
            self,
            "Login",
            name=names.secret(env.name, names.Secret.DATABASE_LOGIN),
            purpose="Login of the application, which may read and write rows and nothing else",
            known={"username": names.DATABASE_LOGINS[0]},
            generated="password",
            key=self.key,
            unrotated="A CronJob changes it from inside the cluster: no function of AWS's reaches the database.",
            protected=env.protected,
        )
        outputs(
            self,
            {
                names.Output.DATABASE_HOST: postgres.instance.db_instance_endpoint_address,
                names.Output.DATABASE_PORT: postgres.instance.db_instance_endpoint_port,
                names.Output.DATABASE_OWNER_SECRET: self.owner.secret_arn,
            },
        )
