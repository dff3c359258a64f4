"""What the stacks leave in an account, as its services describe it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cdk import names
from cdk.constructs import charts
from tests.cdk.emulated.deployment import Deployment


def test_every_agreed_output_is_there(there: Deployment) -> None:
    assert all(there.output(each) for each in names.Output)


def test_network_spans_three_zones(there: Deployment) -> None:
    for group in ("public", "application", "data"):
        assert [each["AvailabilityZone"] for each in there.subnets(group)] == list(there.env.zones)


def test_subnets_lead_where_they_should(there: Deployment) -> None:
    gateways = {each["NatGatewayId"] for each in there.nat_gateways()}
    assert len(gateways) == there.env.network.nat_gateways
    assert {there.way_out(each) for each in there.subnets("application")} == gateways
    assert all((there.way_out(each) or "").startswith("igw-") for each in there.subnets("public"))
    assert {there.way_out(each) for each in there.subnets("data")} == {None}


def test_nat_gateways_stand_in_public_subnets(there: Deployment) -> None:
    public = {each["SubnetId"] for each in there.subnets("public")}
    assert {each["SubnetId"] for each in there.nat_gateways()} <= public


def test_services_are_reached_inside_the_network(there: Deployment) -> None:
    assert there.endpoints() == {"s3", *there.env.network.endpoints}


def test_default_security_group_lets_nobody_through(there: Deployment) -> None:
    vpc = there.vpc()["VpcId"]
    found = there.client("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )
    (group,) = found["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_database_has_a_standby_in_another_zone(there: Deployment) -> None:
    database = there.database()
    assert database["MultiAZ"] is True
    assert database["DBInstanceStatus"] == "available"
    assert database["DBInstanceClass"] == f"db.{there.env.database.instance}"
    assert database["EngineVersion"] == there.env.database.version


def test_database_is_kept_from_harm(there: Deployment) -> None:
    database = there.database()
    assert database["StorageEncrypted"] is True
    assert database["DeletionProtection"] is there.env.protected
    assert database["BackupRetentionPeriod"] == there.env.database.backup_days
    assert database["PubliclyAccessible"] is False


def test_database_lives_in_the_data_subnets(there: Deployment) -> None:
    group = there.database()["DBSubnetGroup"]
    data = {each["SubnetId"] for each in there.subnets("data")}
    assert {each["SubnetIdentifier"] for each in group["Subnets"]} == data


def test_database_is_reached_by_the_nodes_alone(there: Deployment) -> None:
    (membership,) = there.database()["VpcSecurityGroups"]
    (rule,) = there.security_group(membership["VpcSecurityGroupId"])["IpPermissions"]
    (source,) = rule["UserIdGroupPairs"]
    assert (rule["FromPort"], rule["ToPort"], rule["IpRanges"]) == (5432, 5432, [])
    assert source["GroupId"] == there.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]


def test_owner_of_the_database_has_a_password_that_rds_keeps(there: Deployment) -> None:
    owner = there.database()["MasterUserSecret"]
    assert owner["SecretArn"] == there.output(names.Output.DATABASE_OWNER_SECRET)
    assert owner["KmsKeyId"] == there.database()["KmsKeyId"]
    assert there.client("secretsmanager").describe_secret(SecretId=owner["SecretArn"])["OwningService"] == "rds"


def test_application_has_a_login_of_its_own(there: Deployment) -> None:
    name = names.secret(there.env.name, names.Secret.DATABASE_LOGIN)
    login = json.loads(there.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
    assert login["username"] in names.DATABASE_LOGINS
    assert len(login["password"]) >= 32


def test_cluster_is_as_asked_for(there: Deployment) -> None:
    cluster = there.cluster()
    assert cluster["version"] == there.env.cluster.version
    assert cluster["encryptionConfig"][0]["resources"] == ["secrets"]
    assert len(cluster["logging"]["clusterLogging"][0]["types"]) == 5
    network = cluster["resourcesVpcConfig"]
    assert network["endpointPublicAccess"] is not there.env.cluster.private
    assert set(network["subnetIds"]) == {each["SubnetId"] for each in there.subnets("application")}


def test_each_zone_has_a_node_group(there: Deployment) -> None:
    groups = there.node_groups()
    assert sorted(subnet for group in groups for subnet in group["subnets"]) == sorted(
        each["SubnetId"] for each in there.subnets("application")
    )
    for group in groups:
        assert tuple(group["instanceTypes"]) == there.env.cluster.instances
        assert group["scalingConfig"]["minSize"] == there.env.cluster.least_nodes
        assert group["scalingConfig"]["maxSize"] == there.env.cluster.most_nodes


def test_node_groups_start_from_a_template_that_is_there(there: Deployment) -> None:
    (which,) = {group["launchTemplate"]["id"] for group in there.node_groups()}
    (version,) = there.client("ec2").describe_launch_template_versions(LaunchTemplateId=which)["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"


def test_addons_have_their_versions(there: Deployment) -> None:
    addons = {each["AddonName"]: each["AddonVersion"] for each in there.stored("AWS::EKS::Addon")}
    assert addons == dict(there.env.cluster.addons)


def test_every_service_account_has_a_role_for_pods(there: Deployment) -> None:
    found = {each["ServiceAccount"]: each for each in there.stored("AWS::EKS::PodIdentityAssociation")}
    assert set(names.ServiceAccount) <= set(found)
    for each in found.values():
        (statement,) = there.role(each["RoleArn"])["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}


def test_people_administer_and_pipelines_edit(there: Deployment) -> None:
    found = {each["PrincipalArn"]: each["AccessPolicies"] for each in there.stored("AWS::EKS::AccessEntry")}
    (administrator,) = found[there.output(names.Output.CLUSTER_ADMIN_ROLE)]
    (deployer,) = found[there.output(names.Output.DEPLOY_ROLE)]
    assert administrator["PolicyArn"].endswith("/AmazonEKSClusterAdminPolicy")
    assert deployer["PolicyArn"].endswith("/AmazonEKSEditPolicy")
    assert deployer["AccessScope"]["Namespaces"] == [names.namespace(there.env.name)]


def test_pipelines_are_trusted_by_their_environment(there: Deployment) -> None:
    for output, environment in {
        names.Output.PLAN_ROLE: f"{there.env.name}-plan",
        names.Output.PUSH_ROLE: f"{there.env.name}-push",
        names.Output.DEPLOY_ROLE: there.env.name,
    }.items():
        (statement,) = there.role(there.output(output))["AssumeRolePolicyDocument"]["Statement"]
        claims = statement["Condition"]["StringEquals"].values()
        assert f"repo:{there.env.delivery.repository}:environment:{environment}" in claims


def test_repositories_keep_what_was_pushed(there: Deployment) -> None:
    wanted = [names.repository(there.env.name, image) for image in names.IMAGES]
    for repository in there.client("ecr").describe_repositories(repositoryNames=wanted)["repositories"]:
        assert repository["imageTagMutability"] == "IMMUTABLE"
        assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
        assert repository["encryptionConfiguration"]["encryptionType"] == "KMS"
        kept = there.client("ecr").get_lifecycle_policy(repositoryName=repository["repositoryName"])
        assert len(json.loads(kept["lifecyclePolicyText"])["rules"]) == 2


def test_letters_that_fail_go_to_a_queue_of_their_own(there: Deployment) -> None:
    sqs = there.client("sqs")
    queue = sqs.get_queue_attributes(QueueUrl=there.output(names.Output.MAIL_QUEUE), AttributeNames=["All"])
    target = json.loads(queue["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
    dead_letters = sqs.get_queue_url(QueueName=target.split(":")[-1])["QueueUrl"]
    assert "KmsMasterKeyId" in sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["All"])["Attributes"]


def test_queue_of_letters_hears_of_orders(there: Deployment) -> None:
    sns = there.client("sns")
    topic = there.output(names.Output.TOPIC)
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
    assert "order.paid" in json.loads(attributes["FilterPolicy"])["type"]
    assert attributes["RawMessageDelivery"] == "true"


def test_alarms_reach_people(there: Deployment) -> None:
    topic = there.output(names.Output.ALARM_TOPIC)
    prefix = f"{names.prefix(there.env.name)}-"
    alarms = there.client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    assert len(alarms) == len(there.assembly.resources("CloudWatch::Alarm"))
    assert all(alarm["AlarmActions"] == [topic] for alarm in alarms)
    (person,) = there.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert person["Endpoint"] == there.env.monitoring.alarm_address


def test_firewall_counts_requests(there: Deployment) -> None:
    *_, name, which = there.output(names.Output.WEB_ACL).split("/")
    acl = there.client("wafv2").get_web_acl(Name=name, Id=which, Scope="REGIONAL")["WebACL"]
    limits = [rule["Statement"]["RateBasedStatement"]["Limit"] for rule in acl["Rules"] if rule["Name"] == "rate"]
    assert limits == [there.env.edge.requests_per_5_minutes]


def test_helm_would_be_told_the_charts_and_their_versions(there: Deployment) -> None:
    told = {each["Chart"]: each for each in there.stored("Custom::AWSCDK-EKS-HelmChart")}
    for chart in (charts.EXTERNAL_SECRETS, charts.AUTOSCALER, charts.PROMETHEUS):
        assert (told[chart.name]["Version"], told[chart.name]["Repository"]) == (chart.version, chart.repository)
    assert {each["ClusterName"] for each in told.values()} == {names.cluster(there.env.name)}


def test_helm_would_be_told_values_without_open_references(there: Deployment) -> None:
    told = {each["Chart"]: json.loads(each["Values"]) for each in there.stored("Custom::AWSCDK-EKS-HelmChart")}
    prometheus = told["kube-prometheus-stack"]["prometheus"]["prometheusSpec"]
    assert prometheus["retention"] == f"{there.env.monitoring.retention_days}d"
    balancer = told["aws-load-balancer-controller"]
    assert (balancer["clusterName"], balancer["vpcId"]) == (names.cluster(there.env.name), there.vpc()["VpcId"])
    assert told["cluster-autoscaler"]["autoDiscovery"]["clusterName"] == names.cluster(there.env.name)


def test_manifests_of_the_platform_are_whole(there: Deployment) -> None:
    manifests = [json.loads(each["Manifest"]) for each in there.stored("Custom::AWSCDK-EKS-KubernetesResource")]
    kinds = {body["kind"] for manifest in manifests for body in manifest}
    assert {"ClusterSecretStore", "StorageClass"} <= kinds


def test_a_second_deploy_changes_nothing(there: Deployment) -> None:
    run = there.aws.deploy(f"deploy {there.env.name} again", there.assembly.folder)
    assert run.status == 0, run.output
    assert run.output.count("(no changes)") == len(names.Stack), run.output


def test_the_shops_name_and_its_alarms_follow_the_load_balancer(deployed: Mapping[str, Deployment]) -> None:
    there = deployed["dev"]
    edge, watching = (names.stack(there.env.name, each) for each in (names.Stack.EDGE, names.Stack.OBSERVABILITY))
    known = (
        f"{edge}:{names.Parameter.LOAD_BALANCER_DNS}=shop-1234.elb.example.com",
        f"{edge}:{names.Parameter.LOAD_BALANCER_ZONE}=Z0ELB",
        f"{watching}:{names.Parameter.LOAD_BALANCER_NAME}=app/shop/0123456789abcdef",
    )
    given = [part for each in known for part in ("--parameters", each)]
    step = f"tell {there.env.name} its load balancer"
    run = there.aws.deploy(step, there.assembly.folder, "Edge", "Observability", "--exclusively", *given)
    assert run.status == 0, run.output
    assert there.addresses() == dict.fromkeys(("A", "AAAA"), "shop-1234.elb.example.com")
    name = f"{names.prefix(there.env.name)}-load-balancer-5xx"
    (alarm,) = there.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "LoadBalancer", "Value": "app/shop/0123456789abcdef"}]
