"""No conformance check is forgotten."""

import re
from pathlib import Path

_HERE = Path(__file__).parent


def test_each_of_the_72_checks_is_proved_by_a_test() -> None:
    numbers: set[int] = set()
    for path in _HERE.glob("test_*.py"):
        for group in re.findall(r"^@pytest\.mark\.check\(([\d, ]+)\)", path.read_text(), re.MULTILINE):
            numbers |= {int(number) for number in group.split(",")}
    assert numbers == set(range(1, 73))
