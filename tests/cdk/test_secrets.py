import json

import pytest

from cdk import names
from tests.cdk.assembly import Assembly

# What each is made of: what is known, and the key of what is generated.
MADE_OF = {
    names.Secret.APPLICATION: ({"OLD_SECRET_KEYS": ""}, "SECRET_KEY"),
    names.Secret.PAYMENTS: ({"STRIPE_SECRET_KEY": "", "STRIPE_WEBHOOK_SECRET": ""}, "PSP_SECRET"),
    names.Secret.DATABASE_LOGIN: ({"username": names.DATABASE_LOGINS[0]}, "password"),
    names.Secret.GRAFANA: ({"username": "admin"}, "password"),
}


@pytest.mark.parametrize("which", list(names.Secret))
def test_nothing_of_how_a_secret_is_made_ever_changes(assembly: Assembly, which: names.Secret) -> None:
    known, generated = MADE_OF[which]
    name = names.secret(assembly.env.name, which)
    (secret,) = [each for each in assembly.resources("SecretsManager::Secret") if each["Name"] == name]
    made = {
        "SecretStringTemplate": json.dumps(known),
        "GenerateStringKey": generated,
        "ExcludePunctuation": True,  # a password stands in libpq's service file as it is
        "PasswordLength": 48,
    }
    assert secret["GenerateSecretString"] == made, (
        f"deployed, this writes {name} anew: what people and the rotation put into it is lost, with SECRET_KEY every "
        "link and ticket that is out, with the login the database. A key is added as docs/secrets.md says"
    )


def test_no_other_secret_is_generated(assembly: Assembly) -> None:
    assert len(assembly.resources("SecretsManager::Secret")) == len(MADE_OF)
