"""Which parameters are legal together: every plan, back end and network, and the options that a plan adds."""

from itertools import product

from tests.infra.bicep import Given

PLANS = ("FC1", "EP1", "EP2", "EP3", "Y1")
BACKENDS = ("AzureStorage", "DurableTaskScheduler", "MSSQL")


def _legal(plan: str, backend: str, private: bool) -> bool:
    return not (plan == "Y1" and private) and (backend != "MSSQL" or plan.startswith("EP"))


PLAIN: list[Given] = [
    {"plan": plan, "backend": backend, "usePrivateNetworking": private, "enableStagingSlot": False}
    for plan, backend, private in product(PLANS, BACKENDS, (False, True))
    if _legal(plan, backend, private)
]
WITH_SLOT: list[Given] = [one | {"enableStagingSlot": True} for one in PLAIN if one["plan"] == "EP1"]
WITH_OPTIONS: list[Given] = [
    one
    | {
        "zoneRedundant": True,
        "entraClientId": "11111111-2222-3333-4444-555555555555",
        "budgetAmount": 100,
        "budgetStart": "2026-12-01",
        "mailDataLocation": "Europe",
    }
    for one in [PLAIN[0], *WITH_SLOT]
    if one["plan"] != "Y1"
]
LEGAL = PLAIN + WITH_SLOT + WITH_OPTIONS

REFUSED: list[tuple[Given, str]] = [
    ({"plan": "FC1", "enableStagingSlot": True}, "enableStagingSlot needs a Premium plan"),
    ({"plan": "Y1", "enableStagingSlot": True}, "enableStagingSlot needs a Premium plan"),
    ({"plan": "FC1", "backend": "MSSQL"}, "MSSQL needs a Premium plan"),
    ({"plan": "Y1", "backend": "MSSQL"}, "MSSQL needs a Premium plan"),
    ({"plan": "Y1", "usePrivateNetworking": True}, "usePrivateNetworking needs"),
    ({"plan": "Y1", "zoneRedundant": True}, "zoneRedundant needs"),
    ({"plan": "EP1", "rollingUpdates": True}, "rollingUpdates needs FC1"),
    ({"plan": "Y1", "pythonVersion": "3.13"}, "pythonVersion 3.13 needs"),
    ({"budgetAmount": 100}, "budgetAmount needs budgetStart"),
    ({"mailDataLocation": "Atlantis"}, "Atlantis"),
    ({"plan": "P1v3"}, "P1v3"),
    ({"backend": "Netherite"}, "Netherite"),
]


def described(given: Given) -> str:
    on = [name for name in ("usePrivateNetworking", "enableStagingSlot", "zoneRedundant") if given.get(name)]
    return " ".join([given["plan"], given["backend"], *on])
