"""Which parameters are legal together: every plan, back end and network, and the options that a plan adds."""

from itertools import product

from tests.support.templates.bicep import Given

ID = "11111111-2222-3333-4444-555555555555"

PLANS = ("FC1", "EP1", "EP2", "EP3", "P0v3", "P1v3", "Y1")
BACKENDS = ("AzureStorage", "DurableTaskScheduler", "MSSQL")


def _legal(plan: str, backend: str, private: bool) -> bool:
    return not (plan == "Y1" and private) and (backend != "MSSQL" or plan not in ("FC1", "Y1"))


PLAIN: list[Given] = [
    {"plan": plan, "backend": backend, "usePrivateNetworking": private, "enableStagingSlot": False}
    for plan, backend, private in product(PLANS, BACKENDS, (False, True))
    if _legal(plan, backend, private)
]
WITH_SLOT: list[Given] = [one | {"enableStagingSlot": True} for one in PLAIN if one["plan"] in ("EP1", "P0v3")]
WITH_OPTIONS: list[Given] = [
    one
    | {
        "zoneRedundant": True,
        "entraClientId": ID,
        "budgetAmount": 100,
        "budgetStart": "2026-12-01",
        "mailDataLocation": "Europe",
        "onCallPhone": "49-1701234567",
        "onCallWebhook": "https://pager.example/x",
    }
    for one in [PLAIN[0], *WITH_SLOT]
    if one["plan"] != "Y1"
]
WITH_FRONT_DOOR: list[Given] = [
    PLAIN[0] | {"frontDoor": "Standard"},
    *[one | {"frontDoor": "Premium"} for one in WITH_OPTIONS if one["usePrivateNetworking"]],
]
WITH_EVERY_ALERT: Given = PLAIN[0] | {"frontDoor": "Standard", "backupLocation": "northeurope"}
LEGAL = PLAIN + WITH_SLOT + WITH_OPTIONS + WITH_FRONT_DOOR + [WITH_EVERY_ALERT]

PRIVATE = {"usePrivateNetworking": True}
COLLECTION_RULE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/dataCollectionRules/orders-share"
BUDGET = {"budgetAmount": 100}
REFUSED: list[tuple[Given, str]] = [
    *[({"plan": plan, "enableStagingSlot": True}, "enableStagingSlot needs a Premium plan") for plan in ("FC1", "Y1")],
    *[({"plan": plan, "backend": "MSSQL"}, "MSSQL needs a Premium plan") for plan in ("FC1", "Y1")],
    ({"plan": "Y1"} | PRIVATE, "usePrivateNetworking needs"),
    ({"plan": "Y1", "zoneRedundant": True}, "zoneRedundant needs"),
    *[({"plan": plan, "rollingUpdates": True}, "rollingUpdates needs FC1") for plan in ("EP1", "P0v3", "Y1")],
    ({"plan": "Y1", "pythonVersion": "3.13"}, "pythonVersion 3.13 needs"),
    ({"useNatGateway": True}, "useNatGateway needs usePrivateNetworking"),
    ({"mailDataLocation": "Atlantis"}, "Atlantis"),
    ({"frontDoor": "Classic"}, "frontDoor: expected one of"),
    *[({"location": region}, "location: expected one of") for region in ("", "West Europe", "atlantis", "chinaeast2")],
    *[({"location": region}, f"plan FC1 is not in {region}") for region in ("switzerlandnorth", "japanwest")],
    ({"plan": "S1"}, "S1"),
    ({"backend": "Netherite"}, "Netherite"),
    *[
        ({"environmentName": name}, "environmentName takes")
        for name in ("my.env", "prod(1)", "a b", "-test", "test-", "_", "tést", "a/b", "test\n")
    ],
    *[({"environmentName": name}, "environmentName: the length") for name in ("", "x" * 41)],
    *[
        ({"taskHubName": name}, "taskHubName takes")
        for name in ("Durable-Orders", "1Orders", "my_hub", "hub.one", "Bestellungenü", "my hub")
    ],
    *[({"taskHubName": name}, "taskHubName: the length") for name in ("ab", "A" * 38)],
    *[({"plan": "EP1", "backend": "MSSQL", "taskHubName": name}, "system database") for name in ("master", "TempDB")],
    *[
        (PRIVATE | {"addressPrefix": prefix}, "addressPrefix takes an IPv4 network")
        for prefix in ("", "10.20.0.0", "10.20.0.1/24", "10.20.0.0/33", "10.20.0/24", "10.256.0.0/16", "fd00::/48")
    ],
    *[
        (PRIVATE | {"addressPrefix": prefix}, "10.20.0.0/24")
        for prefix in ("10.20.0.0/x", " 10.20.0.0/24", "010.20.0.0/24")
    ],
    *[
        (PRIVATE | {"addressPrefix": f"10.20.0.0/{size}"}, "addressPrefix takes a network of /8 to /25")
        for size in (26, 27, 29, 32)
    ],
    *[
        (PRIVATE | {"addressPrefix": prefix}, "keeps for itself")
        for prefix in ("127.0.0.0/16", "169.254.0.0/24", "168.63.129.0/24", "224.0.0.0/24", "0.0.0.0/8")
    ],
    ({"plan": "EP1", "zoneRedundant": True, "maxInstances": 1}, "maxInstances takes 2 to 100"),
    ({"plan": "FC1", "zoneRedundant": True, "maxInstances": 3}, "maxInstances takes 4 to 1000"),
    ({"plan": "FC1", "durableAlwaysReady": 5, "maxInstances": 4}, "maxInstances takes 5 to 1000"),
    *[({"plan": plan, "maxInstances": 101}, "maxInstances takes 1 to 100") for plan in ("EP1", "EP3", "Y1")],
    ({"plan": "P0v3", "maxInstances": 31}, "maxInstances takes 1 to 30"),
    ({"plan": "P1v3", "zoneRedundant": True, "maxInstances": 1}, "maxInstances takes 2 to 30"),
    *[({"maxInstances": number}, "maxInstances: ") for number in (-1, 1001)],
    *[
        ({"alertEmails": given}, "alertEmails takes")
        for given in ([], [""], [" "], ["unknown"], ["a@b"], ["a@b.c", ""])
    ],
    *[
        ({"alertEmails": [address]}, "alertEmails takes")
        for address in ("a@@b.example", "@b.example", "a@", "a b@c.example", "a@b..example", "a@-b.example", "a@b.c\n")
    ],
    ({"alertEmails": ["me@example.com", "Me@Example.com"]}, "alertEmails must not hold an address twice"),
    ({"alertEmails": [f"a{i}@example.com" for i in range(51)]}, "alertEmails: the length"),
    *[
        ({"onCallPhone": phone}, "onCallPhone takes")
        for phone in ("+49-170", "0170123", "49-", "49-17o", "49-1-2", " ")
    ],
    ({"onCallWebhook": "http://pager.example/x"}, "onCallWebhook takes an address of https"),
    (BUDGET, "budgetAmount needs budgetStart"),
    *[
        (BUDGET | {"budgetStart": day}, "budgetStart takes the first day of a month")
        for day in (
            "2026-12-15",
            "2026-13-01",
            "2026-00-01",
            "2026-12",
            "soon",
            "01.12.2026",
            "2017-05-01",
            "2026-12-01T00",
        )
    ],
    (BUDGET | {"budgetStart": "2027-12-01"}, "budgetStart must not be more than twelve months ahead"),
    ({"budgetAmount": -1}, "budgetAmount: "),
    *[
        ({name: "me@example.com"}, f"{name}.* take an id")
        for name in ("entraClientId", "deployerPrincipalId", "codeDeployerPrincipalId")
    ],
    ({"entraClientId": ID, "entraAllowedApplications": ["the app"]}, "entraAllowedApplications takes ids"),
    ({"entraAllowedApplications": [ID]}, "entraAllowedApplications needs entraClientId"),
    ({"plan": "EP1", "stagingApproverEmails": ["ann@example.com,unknown"]}, "stagingApproverEmails takes e-mail"),
    ({"entraClientId": ID, "entraAllowedApplications": [f"{ID},the app"]}, "entraAllowedApplications takes ids"),
    (
        {"alertEmails": [",".join(f"a{i}@example.com" for i in range(51))]},
        "alertEmails takes e-mail addresses, 1 to 50",
    ),
    *[({"dailyCapGb": cap}, "dailyCapGb") for cap in (0, -2)],
    *[({"backupLocation": region}, "another region than") for region in ("westeurope", "WestEurope")],
    *[
        ({"backupLocation": region}, "name of a region")
        for region in ("West Europe", "north-europe", " ", "northeurope\n")
    ],
    *[
        (PRIVATE | {"backend": "DurableTaskScheduler", "schedulerDnsZone": zone}, "schedulerDnsZone takes")
        for zone in ("", "durabletask", "privatelink..io")
    ],
    *[
        ({"backend": "DurableTaskScheduler", "dtsIpAllowlist": [given]}, "dtsIpAllowlist takes")
        for given in ("any", "10.0.0.0/8,all", "10.0.0.0 /8", "ab")
    ],
    *[
        ({"ingestionRuleId": rule}, "ingestionRuleId takes")
        for rule in ("orders-share", COLLECTION_RULE[1:], "/subscriptions/s")
    ],
]
# Close to what is refused.
ACCEPTED: list[Given] = [
    *[{"plan": "EP1", "location": region} for region in ("switzerlandnorth", "japanwest", "westeurope")],
    *[{"location": region} for region in ("westus3", "italynorth")],
    *[{"environmentName": name} for name in ("a", "PROD", "dev-2_b", "x" * 40, "1")],
    *[{"taskHubName": name} for name in ("abc", "Orders2", "A" * 37, "master")],
    *[
        PRIVATE | {"addressPrefix": prefix}
        for prefix in ("10.20.0.0/25", "10.0.0.0/8", "192.168.4.0/24", "172.16.0.0/12")
    ],
    {"addressPrefix": "10.20.0.0/27"},
    {"maxInstances": 0},
    {"backend": "DurableTaskScheduler", "dtsIpAllowlist": []},
    {"plan": "EP1", "zoneRedundant": True, "maxInstances": 2},
    {"plan": "EP1", "maxInstances": 100},
    {"plan": "P0v3", "zoneRedundant": True},
    {"plan": "P1v3", "maxInstances": 30},
    {"plan": "FC1", "maxInstances": 1},
    *[{"alertEmails": [address]} for address in ("a.b+c@x-y.example", "O'Neil@example.co.uk", "1@2.example")],
    *[BUDGET | {"budgetStart": day} for day in ("2017-06-01", "2026-11-01", "2027-11-01")],
    {"budgetStart": "soon"},
    *[{name: ID.upper()} for name in ("entraClientId", "deployerPrincipalId", "codeDeployerPrincipalId")],
    {"entraClientId": ID, "entraAllowedApplications": [ID]},
    {"plan": "EP1", "backend": "DurableTaskScheduler", "dtsIpAllowlist": []} | PRIVATE,
    *[{"dailyCapGb": cap} for cap in (-1, 1)],
    *[{"backupLocation": region} for region in ("northeurope", "SwedenCentral")],
    {"schedulerDnsZone": ""},
    *[
        {"backend": "DurableTaskScheduler", "dtsIpAllowlist": [given]}
        for given in ("0.0.0.0/0", "203.0.113.7,2001:db8::/32", "::1")
    ],
    *[{"ingestionRuleId": rule} for rule in (COLLECTION_RULE, COLLECTION_RULE.lower())],
]


def described(given: Given) -> str:
    on = [
        name for name in ("usePrivateNetworking", "enableStagingSlot", "zoneRedundant", "frontDoor") if given.get(name)
    ]
    return " ".join([given["plan"], given["backend"], *on])
