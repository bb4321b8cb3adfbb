"""Renders the chart with each set of values in its folder `ci/` and judges what comes out; for `tests/deploy.rs`.

    python chart.py CHART OUT

What the cluster would be given is written to OUT, and of each set its configuration to OUT/SET/portcullis.toml. Prints one line for
each document that was looked at, and ends with 1 where one is wrong. Kinds of the Prometheus operator have no schema here: of them
only the form is looked at, which the lines say.
"""

import copy
import pathlib
import sys

import kubernetes_validate
import yaml
from helm_python import chart as helm

VERSIONS = ["1.31", "1.37"]
OF_AN_OPERATOR = {"ServiceMonitor", "PrometheusRule"}

# What the schema of the values must refuse: a change of a good set, and what that would have cost.
REFUSED = [
    ("one", {"replicas": 2}, "two gateways that share nothing"),
    ("one", {"autoscaling": {"enabled": True}}, "more gateways that share nothing"),
    ("one", {"secrets": {"existingSecret": ""}}, "no secrets"),
    ("one", {"secrets": {"accessToken": "EAAtoken"}}, "a secret among the values"),
    ("one", {"server": {"behindTlsProxy": False}}, "keys that travel readable"),
    ("one", {"service": {"type": "LoadBalancer"}}, "keys that travel readable"),
    ("one", {"sites": ""}, "no site"),
    ("one", {"image": {"tag": "latest"}}, "nobody knows what runs"),
    ("one", {"outbx": {}}, "a typo"),
    ("one", {"files": {"portcullis.toml": ""}}, "two configurations"),
    ("several", {"secrets": {"pseudonymKey": ""}}, "a pseudonym for each gateway"),
    ("several", {"secrets": {"suppressionKey": ""}}, "a key for each gateway"),
    ("several", {"networkPolicy": {"redis": []}}, "a Redis that cannot be reached"),
    ("several", {"redis": {"sentinelPrimary": ""}}, "sentinels that are asked for nothing"),
]


def over(below, above):
    """The one over the other, as Helm lays values."""
    merged = copy.deepcopy(below)
    for key, value in above.items():
        merged[key] = over(merged.get(key, {}), value) if isinstance(value, dict) else value
    return merged


def own(values, retail):
    """A policy of one's own, keys that the gateway makes for itself, and a cluster without network policies."""
    policy = retail.replace('name    = "retail"', 'name    = "shop"')
    return over(values, {
        "secrets": {"pseudonymKey": "", "suppressionKey": ""},
        "server": {"preStopSecs": 0},
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
        "log": {"format": "text"},
        "files": {"shop.toml": policy},
        "sites": values["sites"].replace('"retail@1"', '"shop.toml"'),
    })


def documents(rendered):
    for name, text in sorted(rendered.items()):
        for document in yaml.safe_load_all(text) if name.endswith(".yaml") else []:
            if document:
                yield document


def restricted(pod):
    """What the pod security standard `restricted` asks, and what we ask of ourselves."""
    own, container = pod["securityContext"], pod["containers"][0]["securityContext"]
    yield "runAsNonRoot", own["runAsNonRoot"] is True and own["runAsUser"] > 0
    yield "seccompProfile", own["seccompProfile"] == {"type": "RuntimeDefault"}
    yield "capabilities", container["capabilities"] == {"drop": ["ALL"]}
    yield "allowPrivilegeEscalation", container["allowPrivilegeEscalation"] is False
    yield "readOnlyRootFilesystem", container["readOnlyRootFilesystem"] is True
    yield "automountServiceAccountToken", pod["automountServiceAccountToken"] is False
    yield "volumes", all(set(volume) & {"configMap", "secret"} for volume in pod["volumes"])
    yield "hostNetwork", not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


def judge(document, version):
    """What is wrong with a document, if anything."""
    kind = document["kind"]
    if kind in OF_AN_OPERATOR:
        spec = document["spec"]
        complete = spec["endpoints"] and spec["selector"] if kind == "ServiceMonitor" else all(
            rule["expr"] and (rule.get("alert") or rule.get("record")) for group in spec["groups"] for rule in group["rules"]
        )
        return None if complete else "its form is wrong"
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{error.path}: {error.message}"
    if kind == "StatefulSet":
        broken = [name for name, holds in restricted(document["spec"]["template"]["spec"]) if not holds]
        return f"not restricted: {broken}" if broken else None
    return None


def main(folder, out):
    wrong = 0
    with helm.Chart.load(folder) as chart:
        sets = {path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text())
                for path in sorted(pathlib.Path(folder, "ci").glob("*-values.yaml"))}
        sets["own"] = own(sets["one"], pathlib.Path(folder, "../../../filters/policies/retail.toml").read_text())
        for name, values in sets.items():
            rendered = chart.render(values, name="capi", namespace="privacy")
            for version in VERSIONS:
                for document in documents(rendered):
                    fault = judge(document, version)
                    how = "form only" if document["kind"] in OF_AN_OPERATOR else "schema"
                    print(f"{name} {version} {document['kind']} {document['metadata']['name']} ({how}): {fault or 'ok'}")
                    wrong += fault is not None
                    if document["kind"] == "ConfigMap":
                        for file, text in document["data"].items():
                            target = pathlib.Path(out, name, file)
                            target.parent.mkdir(parents=True, exist_ok=True)
                            target.write_text(text)
        for name, change, cost in REFUSED:
            try:
                chart.validate_schema(over(sets[name], change))
            except Exception as error:  # each is a class of its own; what counts is that it is refused
                print(f"refused {name} with {change}: {type(error).__name__}")
            else:
                print(f"NOT REFUSED: {name} with {change}: {cost}")
                wrong += 1
    for message in helm.lint(folder, values=sets["one"])["messages"]:
        print(f"lint, severity {message['severity']}: {message['path']}: {message['error']}")
        wrong += message["severity"] >= 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
