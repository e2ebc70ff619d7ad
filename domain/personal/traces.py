"""Find one customer's traces in what is stored, and replace them by a pseudonym. Pure.

A customer's id may be any word, such as `completed` or `7`: it is replaced where a field names a person, and as a whole word in
texts that people read; in a document that is no JSON only where it is no number. Mail addresses, names and streets are replaced
wherever they stand.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from domain.orders.order import Order

ERASED_EMAIL: Final = "erased@erased.invalid"
_PERSON_KEYS: Final = frozenset(
    {"customer_id", "employee_id", "user_id", "requested_by", "resolved_by", "approver", "by"}
)
_TEXT_KEYS: Final = frozenset({"message", "reason", "comment", "description", "text", "subject"})
_ERASED_ADDRESS: Final[Mapping[str, Any]] = {"name": "erased", "street1": "erased"}
_MIN_WORD_CHARS: Final = 3
_BRANCHING_CHARS: Final = 5
_LETTERS_I: Final = frozenset("iIıİ")
_MIN_BRANCHING_WORDS: Final = 8


class Traces:
    """What a customer is found by.

    Args:
        customer_id: The customer's id.
        words: Mail addresses, names and streets.
        pseudonym: What is put in their place.
    """

    def __init__(self, customer_id: str, words: Iterable[str], pseudonym: str) -> None:
        self.customer_id = customer_id
        self.pseudonym = pseudonym
        known = {word.strip() for word in words if len(word.strip()) >= _MIN_WORD_CHARS}
        self._words = _whole(known)
        self._id = _whole([customer_id])
        self._all = (
            self._words
            if customer_id.isdigit() or len(customer_id) < _MIN_WORD_CHARS
            else _whole({*known, customer_id})
        )

    def are_in_text(self, text: str) -> bool:
        """Return whether a text that is no JSON holds one."""
        return self._all.search(text) is not None

    def are_in(self, value: Any) -> bool:
        """Return whether plain JSON values hold one."""
        return bool(self.scrubbed(value) != value)

    def are_in_document(self, text: str) -> bool:
        """Return whether a document holds one: JSON, JSON Lines, or any other text."""
        values = _values_of(text)
        return self.are_in_text(text) if values is None else self.are_in(values)

    def scrubbed_document(self, text: str) -> str:
        """Return a document with the pseudonym in place of each trace: JSON, JSON Lines, or any other text."""
        values = _values_of(text)
        if values is None:
            return self._all.sub(self.pseudonym, text)
        return "".join(f"{json.dumps(self.scrubbed(value))}\n" for value in values)

    def scrubbed(self, value: Any, key: str = "") -> Any:
        """Return plain JSON values with the pseudonym in place of each trace. key: under which the value stands."""
        if isinstance(value, Mapping):
            if key == "ship_to" and self.are_in(dict(value)):
                return {**_ERASED_ADDRESS, "country": value.get("country")}
            return {name: self.scrubbed(inner, name) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.scrubbed(inner, key) for inner in value]
        if not isinstance(value, str):
            return value
        if key in _PERSON_KEYS and value == self.customer_id:
            return self.pseudonym
        if key == "email" and self._words.fullmatch(value):
            return ERASED_EMAIL
        nested = _nested(value)
        if nested is not None:
            scrubbed = self.scrubbed(nested, key)
            return value if scrubbed == nested else json.dumps(scrubbed)
        words = self._words.sub(self.pseudonym, value)
        return self._id.sub(self.pseudonym, words) if key in _TEXT_KEYS else words

    def without_customer(self, order: Order) -> Order:
        """Return an order with all that the law wants of it, and nothing of its customer but the country of delivery."""
        nowhere = order.ship_to.model_copy(
            update={**_ERASED_ADDRESS, "street2": None, "city": None, "state": None, "postal_code": None}
        )
        changes = {"customer_id": self.pseudonym, "email": ERASED_EMAIL, "payment_method": None, "ship_to": nowhere}
        return order.model_copy(update=changes)


def words_of(order: Order) -> tuple[str, ...]:
    """Return by what the customer of an order is found in texts."""
    lines = (order.email, order.ship_to.name, order.ship_to.street1, order.ship_to.street2)
    return tuple(line for line in lines if line is not None)


def _values_of(text: str) -> list[Any] | None:
    """Return the value of a JSON document, or of each line of JSON Lines; None for any other text."""
    for parts in ([text], [line for line in text.splitlines() if line.strip()]):
        try:
            return [json.loads(part) for part in parts]
        except ValueError:
            continue
    return None


def _nested(text: str) -> Any:
    """Return what stands as JSON in a text, as the inputs of a history do; None for any other text."""
    if text[:1] not in ("{", "[", '"'):  # a text itself may stand as JSON in a text: the input in a history's event
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _whole(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of whole words, the longest first; one that matches nothing when there are none."""
    any_of = _any_of(sorted(set(words), key=len, reverse=True), _BRANCHING_CHARS)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{any_of})(?![A-Za-z0-9])" if any_of else r"(?!)", re.IGNORECASE)


def _any_of(words: Sequence[str], chars: int) -> str:
    """Return the text of a pattern for any of some words, the longest first, which looks at so many characters one by one.

    Else each place of a text would be compared with every word, and a customer with many orders may have ten thousand addresses.
    """
    if not chars or len(words) < _MIN_BRANCHING_WORDS:
        return "|".join(map(re.escape, words))
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(_folded(word[:1]), []).append(word)
    ended = by_first.pop("", None)
    branches = [
        f"{re.escape(some[0][0])}(?:{_any_of([word[1:] for word in some], chars - 1)})" for some in by_first.values()
    ]
    return "|".join([*branches, *([] if ended is None else [""])])


def _folded(letter: str) -> str:
    """Return what is equal for letters that are equal whatever their case, those with several small forms (σ and ς) too."""
    return "i" if letter in _LETTERS_I else letter.casefold()
