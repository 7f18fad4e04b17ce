"""Asks botocore where calls go and how they are signed.

In (standard input): a JSON list of questions. Out: a JSON list with an answer for each.
"""

import json
import sys

import botocore.client
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config

# What is asked needs no methods, and making them is most of what a client costs.
botocore.client.ClientCreator._create_methods = lambda self, model: {}


CLIENTS = {}


def client_for(session, question):
    """A client with the settings of a question; questions that differ in their call only share it."""
    key = json.dumps({name: value for name, value in question.items() if name not in ("operation", "parameters")})
    if key not in CLIENTS:
        CLIENTS[key] = make_client(session, question)
    return CLIENTS[key]


def make_client(session, question):
    for name in ("sts_regional_endpoints", "account_id_endpoint_mode"):
        session.set_config_variable(name, question.get(name) or ("regional" if name.startswith("sts") else "preferred"))
    return session.create_client(
        question["service"],
        region_name=question.get("region"),
        endpoint_url=question.get("url"),
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_account_id=question.get("account_id"),
        config=Config(
            use_fips_endpoint=question.get("fips") or None,
            use_dualstack_endpoint=question.get("dualstack") or None,
            s3=question.get("s3"),
        ),
    )


def ask(session, question):
    client = client_for(session, question)
    operation = client.meta.service_model.operation_model(question["operation"])
    parameters = question.get("parameters") or {}
    context = {
        "client_region": client.meta.region_name,
        "client_config": client.meta.config,
        "has_streaming_input": operation.has_streaming_input,
        "auth_type": operation.resolved_auth_type,
        "unsigned_payload": operation.unsigned_payload,
        "auth_options": client.meta.service_model.metadata.get("auth"),
    }
    url, headers, _ = client._resolve_endpoint_ruleset(operation, parameters, context)
    signer = client._request_signer
    version = signer._choose_signer(operation.name, "standard", context)
    answer = {"url": url, "headers": headers, "account_id": parameters.get("AccountId")}
    if version is UNSIGNED:
        answer["signing"] = None
        return answer
    signing = context.get("signing", {})
    region = signing.get("region") or signer.region_name
    name = signing.get("signing_name") or signer.signing_name
    signer.get_auth_instance(name, region, version)
    answer["signing"] = {"version": version, "name": name, "region": region}
    return answer


def main():
    session = botocore.session.Session()
    answers = []
    for question in json.load(sys.stdin):
        try:
            answers.append(ask(session, question))
        except Exception as error:
            kind = type(error)
            module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
            answers.append({"class": f"{module}{kind.__name__}", "message": str(error)})
    json.dump(answers, sys.stdout)


main()
