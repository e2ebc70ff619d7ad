"""Requests over connections that are open: `requests` itself is the judge of what is sent."""

from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.utils import default_headers

from adapters.web.plain_requests import plain_request
from adapters.web.sessions import new_session
from tests.integration.adapters.plain_http import PATIENCE_S, kept
from tests.support.scripted_server import ScriptedServer, running_server

REQUESTS: dict[str, dict[str, Any]] = {
    "a row": {"method": "GET", "path": "/account/orders(PartitionKey='a%20b',RowKey='o''1')?$select=a,b&x=%2F"},
    "a transaction": {
        "method": "POST",
        "path": "/account/$batch",
        "data": b"--batch\r\n",
        "headers": {"a-b": "c; d=e"},
    },
    "text": {"method": "PUT", "data": "Zoë"},
    "JSON": {"method": "post", "json": {"name": "Zoë", "parts": [1, None]}},
    "JSON of a given type": {"method": "POST", "json": {}, "headers": {"content-type": "application/x"}},
    "nothing": {"method": "POST"},
    "nothing, of a length": {"method": "PUT", "headers": {"Content-Length": "0"}},
    "a deletion": {"method": "DELETE", "headers": {"If-Match": "*"}},
    "defaults replaced": {"headers": {"accept": "b", "User-Agent": None, "Host": "other.example"}},
    "letters of Latin-1": {"headers": {"X-Name": "Zoë"}},
    "other letters": {"headers": {"X-Name": "Łódź"}},
    "bytes": {"headers": {"X-Name": b"Zoe"}},
    "a number": {"headers": {"X-Number": 1}},
    "another line": {"headers": {"X-Name": "a\r\nX-Injected: b"}},
    "another line in a name": {"headers": {"X-Name: a\r\nX-Injected": "b"}},
    "a line feed": {"headers": {"X-Name": "a\nb"}},
    "a blank in front": {"headers": {"X-Name": " a"}},
    "a tab": {"headers": {"X-Name": "a\tb"}},
    "a query": {"params": {"a": "b c", "d": ["e", "f"]}},
    "blanks and umlauts": {"path": "/a b/Zoë?q=[1]"},
    "dots": {"path": "/a/../b/./c"},
    "escapes": {"path": "/%7euser/%2f%zz"},
    "a fragment": {"path": "/a#b"},
    "a form": {"method": "POST", "data": {"a": "b c"}},
    "pieces": {"method": "POST", "data": [b"a", b"b"].__iter__},
    "credentials": {"auth": ("me", "secret")},
    "no number": {"method": "POST", "json": float("nan")},
    "no JSON": {"method": "POST", "json": {1, 2}},
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_what_requests_makes_of_it(request_: dict[str, Any]):
    with running_server() as ours, running_server() as theirs:
        session, judge = kept(new_session(), ours), kept(requests.Session(), theirs)
        judge.trust_env = False
        assert sent(session, request_, ours) == sent(judge, request_, theirs)
        assert session.get(f"{ours.url}/", timeout=PATIENCE_S).content == b"ok"


@given(st.text("aZ09-._~!$&'()*+,;=:@/?%2FfeE7#[ \\é\r\n", max_size=30))
def test_an_address_is_plain_only_where_requests_leaves_it_alone(end: str):
    url = f"http://shop.example:10002/{end}"
    if plain_request("GET", url, None, None, {}, default_headers()) is not None:
        prepared = requests.Request("GET", url).prepare()
        assert prepared.url == url
        assert prepared.path_url == f"/{end}"


@pytest.mark.parametrize(
    "origin",
    [
        "http://a:80",
        "https://a:443",
        "http://A",
        "http://a@b",
        "http://[::1]:1",
        "ftp://a",
        "http://é",
        "http://a:x",
        "http://.a",
    ],
)
def test_other_hosts_are_left_to_requests(origin: str):
    assert plain_request("GET", f"{origin}/", None, None, {}, default_headers()) is None


def sent(session: requests.Session, request: dict[str, Any], server: ScriptedServer) -> Any:
    """Return what a server gets of a request, or why it gets none."""
    options = {"method": "GET", "path": "/", "timeout": PATIENCE_S, **request}
    if callable(options.get("data")):
        options["data"] = options["data"]()
    try:
        session.request(url=server.url + options.pop("path"), **options)
    except (ValueError, TypeError, requests.RequestException) as error:
        return type(error), str(error)
    head, _, body = server.requests[-1].partition(b"\r\n\r\n")
    first, *lines = head.replace(str(server.port).encode(), b"PORT").split(b"\r\n")
    return first, sorted(lines, key=bytes.lower), body
