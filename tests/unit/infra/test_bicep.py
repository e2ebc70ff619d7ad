"""The stand-in for the compiler: what it refuses, as the compiler does, and what it works out.

The compiler's own words and values are those of Bicep CLI 0.49.2; snapshots/README.md says how they were recorded.
"""

import shutil
from pathlib import Path

import pytest

from scripts.bicep.check import check
from scripts.bicep.deployment import evaluate
from scripts.bicep.hashes import guid, unique_string
from scripts.bicep.values import Refused
from tests.support.templates.bicep import INFRA

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
# Code, file, text, what to put in its place, and the line that is found.
FINDINGS = [
    ("BCP329", "main.bicep", "amount: max(budgetAmount, 1)", "amount: budgetAmount", "amount: budgetAmount"),
    (
        "BCP037",
        "modules/app.bicep",
        "...updates",
        "...(rollingUpdates ? { siteUpdateStrategy: { type: 'RollingUpdate' } } : {})",
        "properties: {",
    ),
    (
        "BCP321",
        "modules/checks.bicep",
        "isAlphanumeric(name) && holdsOnly(firstOf(name), letters())",
        "isAlphanumeric(name) && holdsOnly(first(characters(name)), letters())",
        "holdsOnly(first(characters(name)), letters())",
    ),
    (
        "BCP318",
        "main.bicep",
        "stagingStorage!.outputs.name\n",
        "stagingStorage.outputs.name\n",
        "stagingStorage.outputs",
    ),
    ("BCP025", "modules/settings.bicep", "SHOP_ID: shop.id", "SHOP_CURRENCY: shop.id", "SHOP_CURRENCY: shop.id"),
    ("BCP037", "modules/storage.bicep", "allowSharedKeyAccess:", "allowSharedKeysAccess:", "allowSharedKeysAccess:"),
    ("BCP332", "main.bicep", "string = 'DurableOrders'", f"string = '{'A' * 38}'", f"string = '{'A' * 38}'"),
    ("BCP036", "modules/budget.bicep", "timeGrain: 'Monthly'", "timeGrain: 'Weekly'", "timeGrain: 'Weekly'"),
    ("BCP259", "main.parameters.json", '"plan": {', '"plans": {', '"plans": {'),
    ("BCP033", "main.parameters.json", '"${APP_SLOT=false}"', "1", '"enableStagingSlot"'),
    ("BCP037", "main.bicep", "planName: 'plan", "planNames: 'plan", "planNames: 'plan"),
]


@pytest.mark.parametrize(
    ("code", "file", "good", "bad", "line"), FINDINGS, ids=[f"{one[0]}-{one[4]}" for one in FINDINGS]
)
def test_checker_finds_what_the_compiler_finds(code: str, file: str, good: str, bad: str, line: str, tmp_path: Path):
    infra = tmp_path / "infra"
    shutil.copytree(INFRA, infra, ignore=shutil.ignore_patterns("*.py", "__pycache__", "hooks"))
    text = (infra / file).read_text(encoding="utf-8")
    assert good in text, "the template has changed: seed this fault anew"

    (infra / file).write_text(text.replace(good, bad), encoding="utf-8")

    lines = (infra / file).read_text(encoding="utf-8").splitlines()
    found = [one for one in check([infra], descriptions=True) if one.path.endswith(file)]
    assert any(one.code == code and line in lines[one.line - 1] for one in found), found


def outputs(tmp_path: Path, text: str, **params: object) -> dict[str, object]:
    """Return the outputs of a template of its own. text: its declarations."""
    template = tmp_path / "main.bicep"
    template.write_text(text, encoding="utf-8")
    return evaluate(template, params).outputs


@pytest.mark.parametrize(
    ("text", "params", "because"),
    [
        ("output a object = toObject(['a', 'A'], x => x)", {}, "returned a duplicate key 'A'"),
        ("output a string = cidrSubnet('10.20.0.0/27', 26, 0)", {}, "Could not generate subnet for network"),
        ("output a string = cidrSubnet('10.20.0.0/25', 26, 2)", {}, "Could not generate subnet for network"),
        ("param a int\noutput b int = a", {"a": "1"}, "a: expected a value of type 'int'"),
        ("param a int\noutput b int = a", {"a": True}, "a: expected a value of type 'int'"),
        ("param a string\noutput b string = a", {}, "'a' is not provided"),
        ("param a string\noutput b string = a", {"a": "", "c": ""}, "no parameter 'c'"),
        ("param a { b: string }\noutput b string = a.b", {"a": {}}, "the property 'b' is missing"),
        ("param a { b: string }\noutput b string = a.b", {"a": {"b": None}}, "a.b: expected a value of type 'string'"),
        ("param a 'x' | 'y'\noutput b string = a", {"a": "z"}, "expected one of"),
        ("param a string[]\noutput b string = a[0]", {"a": [1]}, r"a\[0\]: expected a value of type 'string'"),
        ("param a string[]\noutput b string = a[1]", {"a": ["x"]}, "property '1' doesn't exist"),
        ("param a object\noutput b string = a.b", {"a": {}}, "property 'b' doesn't exist"),
        ("var a { b: int } = { c: 1 }\noutput b int = a.b", {}, "the property 'b' is missing"),
        ("type t = { *: { b: int } }\nvar a t = { c: {} }\noutput b int = a.c.b", {}, "a.c: the property 'b'"),
        ("output a string = fail('no')", {}, "^no$"),
    ],
)
def test_evaluation_stops_where_a_deployment_stops(tmp_path, text: str, params: dict[str, object], because: str):
    with pytest.raises(Refused, match=because):
        outputs(tmp_path, text, **params)


def test_outputs_of_what_is_not_deployed_cannot_be_read(tmp_path):
    (tmp_path / "part.bicep").write_text("output a string = 'a'")
    with pytest.raises(Refused, match="which is not deployed"):
        outputs(tmp_path, "module part 'part.bicep' = if (false) {}\noutput a string = part!.outputs.a")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (r"string({ a: 'ü \u{1F600} \'', b: [1, true] })", '{"a":"ü 😀 \'","b":[1,true]}'),
        (r"'a\tb\n\${c}\\'", "a\tb\n${c}\\"),
        (r"'''it's ${not} a \hole'''", r"it's ${not} a \hole"),
        ("join(distinct(['a', 'b', 'a']), '')", "ab"),
        ("cidrSubnet('10.20.0.0/24', 26, 1)", "10.20.0.64/26"),
        ("cidrSubnet('fd00::/16', 64, 3)", "fd00:0:0:3::/64"),
        ("join(objectKeys(union({ b: 1 }, { a: { c: 1 } })), ',')", "a,b"),
        ("empty('') ? 'x' : fail('not worked out')", "x"),
    ],
)
def test_values_are_worked_out_as_in_azure(tmp_path, expression: str, value: str):
    assert outputs(tmp_path, f"output a string = {expression}") == {"a": value}


def test_names_are_those_that_azure_makes():
    # Read from the snapshots.
    assert unique_string(SUBSCRIPTION, "test", "westeurope") == "axr73ma2h32iq"
    component = f"{SUBSCRIPTION}/resourceGroups/rg-test/providers/Microsoft.Insights/components/appi-axr73ma2h32iq"
    assert guid(component, "orders") == "049d8685-a7d3-5b3e-a930-5d7a90e8ebd2"


def test_a_value_known_at_deployment_only_stays_an_expression(tmp_path):
    text = """
resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = { name: 'st1' }
output a string = '${account.properties.primaryEndpoints.blob}${account.name}/{x}'
"""
    known = f"reference('{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts/st1', '2025-06-01')"
    assert outputs(tmp_path, text) == {"a": f"[format('{{0}}{{1}}/{{{{x}}}}', {known}.primaryEndpoints.blob, 'st1')]"}
