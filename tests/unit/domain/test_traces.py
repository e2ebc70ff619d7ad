"""A customer's traces are found in texts, the longest first and as whole words, however many there are."""

import random
import re

from domain.personal.traces import Traces

LETTERS = "aAbBc .-@ü"
ID = "customer-1"


def scrubbed_by_one_alternation(words: set[str], text: str) -> str:
    """Return what comes of comparing each place with each word, as the smallest lists are."""
    known = sorted({ID, *(word.strip() for word in words if len(word.strip()) > 2)}, key=len, reverse=True)
    any_of = "|".join(map(re.escape, known))
    return re.sub(rf"(?<![A-Za-z0-9])(?:{any_of})(?![A-Za-z0-9])", "erased", text, flags=re.IGNORECASE)


def test_many_words_leave_what_comparing_each_leaves():
    chance = random.Random(1)

    def some(most: int) -> str:
        return "".join(chance.choice(LETTERS) for _ in range(chance.randint(1, most)))

    replaced = 0
    for _ in range(400):
        words = {some(9) for _ in range(chance.randint(0, 90))}
        text = some(200)
        found = Traces(ID, words, "erased").scrubbed_document(text)
        assert found == scrubbed_by_one_alternation(words, text), words
        replaced += found != text
    assert replaced > 100


def test_the_longest_of_many_names_is_replaced_whatever_its_case():
    names = {"Ada", "ada lovelace", "ADA LOVELACE-KING", *(f"Ada {chr(number)}y" for number in range(97, 123))}
    traces = Traces(ID, names, "erased")
    assert traces.scrubbed_document("To Ada Lovelace-King, aDA fy and ada; not to Adam.") == (
        "To erased, erased and erased; not to Adam."
    )


def test_letters_with_several_small_forms_are_one_letter():
    names = {"Νικος Παππας", "Νικοσ", *(f"Νικοσ Παππαδοπουλος {number}" for number in range(8))}
    assert Traces(ID, names, "erased").scrubbed_document("To ΝΙΚΟΣ ΠΑΠΠΑΣ.") == "To erased."
