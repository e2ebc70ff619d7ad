"""Call the API as a client does: over HTTP, with nothing but an address and a token."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

import requests

# A cold start in Azure, and an activity that is delivered again, take their time. What ends sooner is not waited for.
END_TIMEOUT_S: Final = 150.0
REQUEST_TIMEOUT_S: Final = 60.0
MAX_PAUSE_S: Final = 0.5
PAUSE_S: Final = 0.1

Document = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One response; body is its JSON, or None where it has none."""

    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    body: Any
    text: str

    def problem(self) -> tuple[int, str]:
        """Return status and content type, which distinguish a problem document from anything else."""
        return self.status, self.headers.get("Content-Type", "").partition(";")[0]

    def broken_rules(self) -> set[tuple[str, str]]:
        """Return field and rule of every error that the problem names."""
        return {(error["field"], error["rule"]) for error in self.body["errors"]}


class Caller:
    """A client of the app. Ids that it makes are new, so that a test can run again against the same app."""

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def new_id(self) -> str:
        """Return an id that nothing has yet."""
        return f"acceptance-{uuid.uuid4().hex[:16]}"

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """Send one request.

        Args:
            method: The HTTP method.
            path: Below `/api/`, or a whole address that the app gave.
            body: Sent as JSON; `data=` in options sends something else.
            options: More arguments of `requests`.
        """
        url = path if path.startswith("http") else f"{self._base_url}/api/{path}"
        response = self._session.request(
            method, url, json=body, timeout=REQUEST_TIMEOUT_S, allow_redirects=False, **options
        )
        is_json = (
            "json" in response.headers.get("Content-Type", "") and "ndjson" not in response.headers["Content-Type"]
        )
        return Answer(response.status_code, response.headers, response.json() if is_json else None, response.text)

    def get(self, path: str, **options: Any) -> Answer:
        """Read a resource."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """Send a body."""
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: Any) -> Answer:
        """Replace a resource."""
        return self.call("PUT", path, body)

    def accepted(self, path: str, body: Any = None, **options: Any) -> Answer:
        """Send a body that the app must accept with 202 and an address."""
        answer = self.post(path, body, **options)
        assert answer.status == 202, (path, answer.status, answer.text)
        return answer

    def ended(self, location: str) -> Document:
        """Poll an accepted run as the app asks to, until it answers 200; return its last document."""
        answer = self.until(lambda: self.get(location), lambda answer: answer.status != 202)
        assert answer.status == 200, (location, answer.status, answer.text)
        document: Document = answer.body
        return document

    def until(self, ask: Callable[[], Answer], enough: Callable[[Answer], bool]) -> Answer:
        """Ask until an answer is enough. Fails the test with the last one when that takes too long."""
        deadline = time.monotonic() + END_TIMEOUT_S
        while not enough(answer := ask()):
            assert time.monotonic() < deadline, (answer.status, answer.text)
            time.sleep(min(float(answer.headers.get("Retry-After", PAUSE_S)), MAX_PAUSE_S))
        return answer

    def sell(self, *, units: int, unit_price_cents: int = 2_000) -> str:
        """Put a product of its own into the catalogue and the stock; return its id."""
        product = self.new_id()
        details = {"name": "Acceptance test", "unit_price_cents": unit_price_cents, "weight_grams": 100}
        assert self.put(f"products/{product}", details).status == 201
        if units:
            self.accepted(f"inventory/{product}/restock", {"quantity": units})
            self.until(lambda: self.get(f"inventory/{product}"), lambda stock: stock.body.get("available") == units)
        return product

    def stock(self, product: str) -> tuple[int, int]:
        """Return how many units of a product are available, and how many are reserved."""
        shown = self.get(f"inventory/{product}").body
        return shown["available"], shown["reserved"]
