"""Who a tenant's token, or the platform's principal, says is calling: held against real signatures and a key set over HTTP."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.identity.entra import EntraIdentity
from adapters.identity.tenant_keys import MAX_AGE_TIMEOUT_S, REFRESH_INTERVAL_S, TenantKeys
from domain.identity import Caller, CallerKind, Evidence, IdentityUnavailable, NotAdmitted, Role
from identity_settings import IdentitySettings, identity_kind, identity_settings
from setting_values import InvalidSetting

TENANT, AUDIENCE, STOREFRONT = "11111111-aaaa", "api://orders", "22222222-bbbb"


@dataclass
class Tenant:
    """A tenant's key set, as the authority serves it."""

    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    authority: str = ""
    fetches: int = 0
    is_away: bool = False

    def rotate(self, name: str) -> None:
        self.keys = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048)}

    def key_set(self) -> bytes:
        self.fetches += 1
        keys = [
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": name, "use": "sig"}
            for name, key in self.keys.items()
        ]
        return json.dumps({"keys": keys}).encode()

    def token(self, signed_by: rsa.RSAPrivateKey | None = None, **claims: Any) -> str:
        name, key = next(iter(self.keys.items()))
        now = int(time.time())
        held = {
            "iss": f"{self.authority}/{TENANT}/v2.0",
            "aud": AUDIENCE,
            "tid": TENANT,
            "iat": now,
            "exp": now + 600,
            "azp": STOREFRONT,
            "preferred_username": "ada@shop.example",
            "roles": ["approver", "unknown.role"],
            **claims,
        }
        kept = {claim: value for claim, value in held.items() if value is not None}
        return jwt.encode(kept, signed_by or key, algorithm="RS256", headers={"kid": name})


@pytest.fixture(scope="module")
def served() -> Iterator[Tenant]:
    tenant = Tenant()
    tenant.rotate("first")

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == f"/{TENANT}/discovery/v2.0/keys"
            key_set = tenant.key_set()
            self.send_response(503 if tenant.is_away else 200)
            self.end_headers()
            self.wfile.write(key_set)

        def log_message(self, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        tenant.authority = f"http://127.0.0.1:{server.server_port}"
        yield tenant
        server.shutdown()


def settings(tenant: Tenant, **changes: Any) -> IdentitySettings:
    chosen = {"applications": (STOREFRONT,), "authority": tenant.authority, **changes}
    return IdentitySettings(kind="entra", tenant_id=TENANT, audiences=(AUDIENCE,), **chosen)


async def caller_of(identity: EntraIdentity, token: str, **headers: str) -> Caller | None:
    return await identity.caller(Evidence(headers={"authorization": f"Bearer {token}", **headers}))


async def test_a_person_is_known_by_name_and_app_roles(served: Tenant) -> None:
    caller = await caller_of(EntraIdentity(settings(served)), served.token())
    assert caller == Caller(name="ada@shop.example", kind=CallerKind.PERSON, roles=frozenset({Role.APPROVER}))


async def test_an_application_speaks_for_the_customer_that_it_names(served: Tenant) -> None:
    token = served.token(preferred_username=None, idtyp="app", roles=["storefront"])
    caller = await caller_of(EntraIdentity(settings(served)), token, **{"x-customer-id": "c-1"})
    assert caller is not None
    assert (caller.name, caller.customer) == (f"application {STOREFRONT}", "c-1")
    assert (caller.kind, caller.roles) == (CallerKind.APPLICATION, frozenset({Role.STOREFRONT}))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": timedelta(minutes=-2)}, "expired"),
        ({"exp": None}, "not valid"),
        ({"nbf": timedelta(minutes=15)}, "not valid"),
        ({"aud": "api://other"}, "not made for this app"),
        ({"iss": "https://login.microsoftonline.com/other/v2.0"}, "not valid"),
        ({"tid": "other"}, "tenant"),
        ({"azp": "33333333-cccc"}, "application"),
        ({"azp": None}, "application"),
        ({"acct": 1}, "Guests"),
        ({"idp": "https://sts.windows.net/other/"}, "Guests"),
        ({"preferred_username": "ada_other.example#EXT#@shop.example"}, "Guests"),
    ],
    ids=[
        "expired",
        "endless",
        "early",
        "audience",
        "issuer",
        "tenant",
        "application",
        "id-token",
        "acct",
        "idp",
        "ext",
    ],
)
async def test_every_other_token_is_refused(served: Tenant, claims: dict[str, Any], why: str) -> None:
    now = time.time()
    dated = {
        name: int(now + each.total_seconds()) if isinstance(each, timedelta) else each for name, each in claims.items()
    }
    with pytest.raises(NotAdmitted, match=why):
        await caller_of(EntraIdentity(settings(served)), served.token(**dated))


async def test_forged_and_unsigned_tokens_are_refused(served: Tenant) -> None:
    identity = EntraIdentity(settings(served))
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    unsigned = jwt.encode({"aud": AUDIENCE, "tid": TENANT}, "", algorithm="none", headers={"kid": "first"})
    for token in (served.token(signed_by=other), unsigned, "no.token.here", "x" * 20_000):
        with pytest.raises(NotAdmitted):
            await caller_of(identity, token)
    assert await identity.caller(Evidence(headers={})) is None


async def test_a_rotated_key_is_fetched_and_made_up_ones_are_not_each(served: Tenant) -> None:
    served.rotate("before")
    identity = EntraIdentity(settings(served))
    assert await caller_of(identity, served.token())
    served.rotate("after")
    assert await caller_of(identity, served.token())
    known = served.fetches
    for number in range(5):
        served.keys = {f"made-up-{number}": next(iter(served.keys.values()))}
        with pytest.raises(NotAdmitted, match="a key that"):
            await caller_of(identity, served.token())
    assert served.fetches == known


async def test_without_the_tenants_keys_it_is_not_known_who_calls(served: Tenant) -> None:
    identity = EntraIdentity(settings(served, authority="http://127.0.0.1:9"))
    with pytest.raises(IdentityUnavailable):
        await caller_of(identity, served.token())


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def keys_of(served: Tenant, clock: Clock) -> TenantKeys:
    return TenantKeys(f"{served.authority}/{TENANT}/discovery/v2.0/keys", clock)


async def test_known_keys_are_used_on_while_the_tenant_is_away_for_a_day_and_no_longer(served: Tenant) -> None:
    served.rotate("only")
    clock, begun = Clock(), served.fetches
    keys = keys_of(served, clock)
    assert await keys.key("only") is not None
    served.is_away = True
    for hour in range(1, 24):
        clock.now = hour * 3_600.0
        assert await keys.key("only") is not None  # the fetch goes on beside it
    with pytest.raises(IdentityUnavailable):
        await keys.key("other")
    clock.now = MAX_AGE_TIMEOUT_S + 3_600.0
    with pytest.raises(IdentityUnavailable):
        await keys.key("only")
    tried = served.fetches
    assert begun + 2 < tried <= begun + 26
    served.is_away = False
    with pytest.raises(IdentityUnavailable):  # its time has not come
        await keys.key("only")
    assert served.fetches == tried
    clock.now += 120
    assert await keys.key("only") is not None


async def test_one_fetch_serves_all_who_wait_and_a_failed_one_is_not_repeated_at_once(served: Tenant) -> None:
    served.rotate("only")
    clock, begun = Clock(), served.fetches
    keys = keys_of(served, clock)
    assert all(await asyncio.gather(*(keys.key("only") for _ in range(20))))
    assert served.fetches == begun + 1
    clock.now = REFRESH_INTERVAL_S
    assert await asyncio.gather(*(keys.key(f"made-up-{number}") for number in range(20))) == [None] * 20
    assert served.fetches == begun + 2
    served.is_away = True
    fresh = keys_of(served, clock)
    for expected in (3, 3, 4, 4):
        answers = await asyncio.gather(*(fresh.key("only") for _ in range(20)), return_exceptions=True)
        assert {type(each) for each in answers} == {IdentityUnavailable}
        assert served.fetches == begun + expected
        clock.now += 0.6
    served.is_away = False


def principal(**claims: str) -> str:
    """Return the header as App Service makes it: claims under their long names, with the name of the one that has roles."""
    role = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
    held = {"preferred_username": "ada@shop.example", "http://schemas.microsoft.com/identity/claims/tenantid": TENANT}
    pairs = {**held, "aud": AUDIENCE, role: "operator", **claims}
    content = {"auth_typ": "aad", "role_typ": role, "claims": [{"typ": typ, "val": val} for typ, val in pairs.items()]}
    return base64.b64encode(json.dumps(content).encode()).decode()


async def test_the_principal_counts_only_where_the_platform_puts_it_there(served: Tenant) -> None:
    shown = Evidence(headers={"x-ms-client-principal": principal()})
    guarded = await EntraIdentity(settings(served, platform_authenticates=True)).caller(shown)
    assert guarded is not None
    assert (guarded.name, guarded.roles) == ("ada@shop.example", frozenset({Role.OPERATOR}))
    assert await EntraIdentity(settings(served)).caller(shown) is None


async def test_a_session_is_of_the_app_itself_whatever_applications_may_call(served: Tenant) -> None:
    identity = EntraIdentity(settings(served, platform_authenticates=True))
    assert await identity.caller(Evidence(headers={"x-ms-client-principal": principal()})) is not None
    for other in (principal(azp="33333333-cccc"), principal(appid="33333333-cccc"), principal(aud="33333333-cccc")):
        with pytest.raises(NotAdmitted, match="application"):
            await identity.caller(Evidence(headers={"x-ms-client-principal": other}))


@pytest.mark.parametrize(
    "header",
    [
        *("e30=", "{}", base64.b64encode(b"[1]").decode(), principal(acct="1")),
        principal(**{"http://schemas.microsoft.com/identity/claims/identityprovider": "live.com"}),
    ],
)
async def test_a_principal_of_another_form_or_of_a_guest_is_refused(served: Tenant, header: str) -> None:
    with pytest.raises(NotAdmitted):
        await EntraIdentity(settings(served, platform_authenticates=True)).caller(
            Evidence(headers={"x-ms-client-principal": header})
        )


def test_in_azure_callers_are_never_believed() -> None:
    assert identity_kind({}) == "local"
    assert identity_kind({"WEBSITE_INSTANCE_ID": "x"}) == "service_key"
    by_local_tools = {"FUNCTIONS_CORETOOLS_ENVIRONMENT": "true"}
    for name in (
        "WEBSITE_INSTANCE_ID",
        "WEBSITE_POD_NAME",
        "WEBSITE_SKU",
        "MANAGED_ENVIRONMENT",
        "CONTAINER_APP_NAME",
        "CONTAINER_APP_JOB_NAME",
    ):
        for tools in ({}, by_local_tools):
            assert identity_kind({name: "x", **tools}) == "service_key"
            with pytest.raises(InvalidSetting, match="IDENTITY"):
                identity_kind({name: "x", "IDENTITY": "local", **tools})


def test_in_kubernetes_callers_are_believed_only_where_a_local_host_runs_the_app() -> None:
    pod = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    assert identity_kind(pod) == "service_key"
    with pytest.raises(InvalidSetting, match="IDENTITY"):
        identity_kind({**pod, "IDENTITY": "local"})
    assert identity_kind({**pod, "FUNCTIONS_CORETOOLS_ENVIRONMENT": "true"}) == "local", (
        "a developer's machine in a pod"
    )


def test_entra_needs_its_settings() -> None:
    asked = {"IDENTITY": "entra", "ENTRA_TENANT_ID": TENANT, "ENTRA_AUDIENCES": f"{AUDIENCE}, {STOREFRONT}"}
    read = identity_settings(asked)
    assert (read.audiences, read.platform_authenticates) == ((AUDIENCE, STOREFRONT), False)
    assert identity_settings({**asked, "WEBSITE_AUTH_ENABLED": "True"}).platform_authenticates
    for name in ("ENTRA_TENANT_ID", "ENTRA_AUDIENCES"):
        with pytest.raises(InvalidSetting, match=name):
            identity_settings({**asked, name: ""})
    with pytest.raises(InvalidSetting, match="ENTRA_AUTHORITY"):
        identity_settings({**asked, "ENTRA_AUTHORITY": "http://elsewhere.example"})
