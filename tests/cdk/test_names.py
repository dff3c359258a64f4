"""Both sides find each other by cdk/names.py: every agreed name is there, and nothing else is relied on."""

from cdk import names
from tests.cdk.assembly import Assembly


def test_every_output_has_a_stack() -> None:
    assert set(names.STACK_OF) == set(names.Output)


def test_stacks_are_called_as_agreed_in_the_region_and_account_of_the_settings(assembly: Assembly) -> None:
    for which, _ in assembly:
        artifact = assembly.artifact(which)
        assert artifact["properties"]["stackName"] == names.stack(assembly.env.name, which)
        assert artifact["environment"] == f"aws://{assembly.env.account}/{assembly.env.region}"


def test_every_output_is_written_by_its_stack_under_its_own_key(assembly: Assembly) -> None:
    for output, which in names.STACK_OF.items():
        assert str(output) in assembly[which].body["Outputs"], output


def test_secrets_service_accounts_and_repositories_are_called_as_agreed(assembly: Assembly) -> None:
    env = assembly.env.name
    assert {each["Name"] for each in assembly.resources("SecretsManager::Secret")} == {
        names.secret(env, secret) for secret in names.Secret
    }
    in_namespace = {
        each["ServiceAccount"]
        for each in assembly.resources("EKS::PodIdentityAssociation")
        if each["Namespace"] == names.namespace(env)
    }
    assert in_namespace == {str(account) for account in names.ServiceAccount}
    assert {each["RepositoryName"] for each in assembly.resources("ECR::Repository")} == {
        names.repository(env, image) for image in names.IMAGES
    }


def test_parameters_that_come_after_the_load_balancer_are_called_as_agreed(assembly: Assembly) -> None:
    given = {
        name for _, template in assembly for name in template.body.get("Parameters", {}) if name != "BootstrapVersion"
    }
    assert given == {str(parameter) for parameter in names.Parameter}
