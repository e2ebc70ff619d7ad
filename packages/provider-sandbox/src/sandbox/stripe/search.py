"""Stripe's search language, as far as payments need it: `metadata['order_id']:'7' AND status:'requires_capture'`.

A query is clauses joined by AND or by OR, never both. A clause is a field, an operator (`:` equals, `~` contains,
`>` `>=` `<` `<=` for numbers) and a value; a leading `-` turns it round. `:` and `~` ignore case. The index
may be behind (`/sandbox/search`): payments are then found as they were, or not at all.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.core.exchange import JsonObject
from sandbox.stripe.errors import StripeRefusal, invalid_request

_CLAUSE = re.compile(
    r"""\s*(?P<negated>-)?(?P<field>[a-z_]+)(?:\[(?P<quote>["'])(?P<key>.+?)(?P=quote)\])?"""
    r"""\s*(?P<operator>:|~|>=|<=|>|<)\s*(?:(?P<null>null)|(?P<number>-?\d+)"""
    r"""|(?P<mark>["'])(?P<text>(?:\\.|(?!(?P=mark)).)*)(?P=mark))\s*"""
)
_FIELDS = frozenset({"amount", "created", "currency", "customer", "metadata", "status"})
_NUMBERS = frozenset({"amount", "created"})
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _plain(value: Any) -> Any:
    """Return a text in the form that is compared. Stripe's `:` is an exact match that ignores case."""
    return value.casefold() if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One condition of a query."""

    field: str
    key: str | None
    operator: str
    value: str | int | None
    negated: bool

    def matches(self, payment: JsonObject) -> bool:
        """Return whether the payment meets the condition."""
        actual = payment["metadata"].get(self.key) if self.field == "metadata" else payment[self.field]
        if self.operator == "~":
            found = isinstance(actual, str) and str(self.value).casefold() in actual.casefold()
        elif self.operator == ":":
            found = _plain(actual) == _plain(self.value)
        else:
            found = _COMPARE[self.operator](actual, self.value)
        return found != self.negated


@dataclass(frozen=True, kw_only=True)
class Query:
    """A search query, read."""

    clauses: tuple[Clause, ...]
    any_of: bool

    def matches(self, payment: JsonObject) -> bool:
        """Return whether the payment meets the conditions: all of them, or one. payment: a `payment_intent` body."""
        results = (clause.matches(payment) for clause in self.clauses)
        return any(results) if self.any_of else all(results)

    def metadata_value(self, key: str) -> str | None:
        """Return the value that every hit must have under that metadata key, or None when the query does not say."""
        for clause in self.clauses:
            exact = clause.operator == ":" and not clause.negated and not (self.any_of and len(self.clauses) > 1)
            if exact and clause.field == "metadata" and clause.key == key and isinstance(clause.value, str):
                return clause.value
        return None


def parse(text: str) -> Query:
    """Read a query. Raises StripeRefusal for what is not one."""
    clauses: list[Clause] = []
    joints: list[str] = []
    position = 0
    while True:
        match = _CLAUSE.match(text, position)
        if match is None:
            raise _refused(f"Failed to parse search query at position {position}.")
        clauses.append(_clause(match))
        position = match.end()
        if position == len(text):
            break
        joint = re.compile(r"(AND|OR)?\s*").match(text, position)
        assert joint is not None
        joints.append(joint[1] or "AND")
        position = joint.end()
    if len(set(joints)) > 1:
        raise _refused("You cannot combine AND and OR in the same search query.")
    return Query(clauses=tuple(clauses), any_of="OR" in joints)


def _clause(match: re.Match[str]) -> Clause:
    field = match["field"]
    if field not in _FIELDS:
        raise _refused(f"Field `{field}` is an unsupported search field for resource `payment_intents`.")
    if (field == "metadata") != (match["key"] is not None):
        raise _refused("Metadata is searched as metadata['key']:'value'.")
    if match["operator"] in (">", ">=", "<", "<=") and (field not in _NUMBERS or match["number"] is None):
        raise _refused(f"Operator `{match['operator']}` needs a numeric field and a number.")
    return Clause(
        field=field,
        key=match["key"],
        operator=match["operator"],
        value=_value(match, numeric=field in _NUMBERS),
        negated=match["negated"] is not None,
    )


def _value(match: re.Match[str], *, numeric: bool) -> str | int | None:
    if match["null"]:
        return None
    raw = match["number"] if match["number"] is not None else re.sub(r"\\(.)", r"\1", match["text"])
    return int(raw) if numeric and raw.lstrip("-").isdigit() else raw


def _refused(message: str) -> StripeRefusal:
    return invalid_request(message, param="query")
