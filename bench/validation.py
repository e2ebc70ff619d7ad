"""How long it takes to say no: reading a body into each edge model, against the body's size, for bodies made to be slow.

python -m bench.validation

Each line is one model and one shape of body: microseconds per KiB at 8, 16, 32 and 64 KiB (the largest that is read), and the
steepness between the ends: 1.0 is a straight line, 2.0 a square.
"""

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from typing import Final

import azure.functions as func

import blueprints  # noqa: F401 - declares every operation
from bench.figures import keep
from domain.orders.batch import MAX_BATCH_LINES
from domain.refusals import RequestRefused
from domain.wire import Edge
from services.orders.csv_documents import TEMPLATE
from services.orders.files import CSV, JSON_LINES, read_lines
from triggers.http.support.operation import declared_operations
from triggers.http.support.request_body import read_body

SIZES: Final = (8, 16, 32, 64)
REPEATS: Final = 9

MODELS: Final[dict[str, type[Edge]]] = {
    each.body.__name__: each.body for each in declared_operations() if each.body is not None
}

SHAPES: Final[dict[str, Callable[[int], str]]] = {
    "digits apart": lambda size: json.dumps({"x": "3 " * (size // 2)}),
    "almost cards": lambda size: json.dumps({"x": "4242424242424241 " * (size // 17)}),
    "one Visa's digits": lambda size: json.dumps({"x": "4 " * (size // 2)}),
    "Arabic digits": lambda size: json.dumps({"x": "٣ " * (size // 3)}, ensure_ascii=False),
    "many names": lambda size: json.dumps({f"k{number}": 1 for number in range(size // 11)}),
    "one name twice at the end": lambda size: "{" + ",".join(f'"k{n}":1' for n in range(size // 10)) + ',"k0":2}',
    "deep": lambda size: '{"x":' + "[" * 60 + '"' + "y" * (size - 140) + '"' + "]" * 60 + "}",
    "escapes": lambda size: '{"x":"' + "\\u0033\\u0020" * (size // 12) + '"}',
    "URL escapes": lambda size: json.dumps({"x": "%2533%2520" * (size // 10)}),
    "combining marks": lambda size: json.dumps({"x": "\u0301\u0316" * (size // 4)}, ensure_ascii=False),
}


def field_shapes(model: type[Edge]) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Yield a long text, and a long list of wrong items, in each of the model's own fields."""
    for name in model.model_fields:
        yield f"{name}: text", lambda size, name=name: json.dumps({name: "a@" * (size // 2)})
        yield f"{name}: list", lambda size, name=name: json.dumps({name: [{}] * (size // 4)})


def seconds(model: type[Edge], body: bytes) -> float:
    request = func.HttpRequest(
        method="POST", url="http://x/api/x", headers={"Content-Type": "application/json"}, body=body[: 64 * 1024]
    )
    best = math.inf
    for _ in range(REPEATS):
        begun = time.perf_counter()
        with contextlib.suppress(RequestRefused):
            read_body(request, model)
        best = min(best, time.perf_counter() - begun)
    return best


def lines_seconds(media_type: str, lines: int) -> float:
    line = "3 3 3 3 3 3 3 3,c,4 4 4 4 4 4 4 4 4,x\n"
    text = TEMPLATE + line * lines if media_type == CSV else '{"email": "4 4 4 4 4 4 4 4 4 4 4 4 4"}\n' * lines
    best = math.inf
    for _ in range(3):
        begun = time.perf_counter()
        read_lines(text, media_type, "b")
        best = min(best, time.perf_counter() - begun)
    return best


def shown(name: str, figures: list[float], sizes: tuple[int, ...], unit: str) -> float:
    steepness = math.log(figures[-1] / figures[0]) / math.log(sizes[-1] / sizes[0])
    each = "  ".join(f"{1e6 * figure / size:8.1f}" for figure, size in zip(figures, sizes, strict=True))
    print(f"{name:58.58} {each}  µs/{unit}  {steepness:.2f}")
    return steepness


def main() -> None:
    steepest: list[tuple[float, str]] = []
    for name, model in MODELS.items():
        for shape, make in (*SHAPES.items(), *field_shapes(model)):
            figures = [seconds(model, make(size * 1024 - 64).encode()) for size in SIZES]
            title = f"{name}, {shape}"
            steepest.append((shown(title, figures, SIZES, "KiB"), title))
    counts = (MAX_BATCH_LINES // 8, MAX_BATCH_LINES // 4, MAX_BATCH_LINES // 2, MAX_BATCH_LINES)
    for media_type in (CSV, JSON_LINES):
        figures = [lines_seconds(media_type, count) for count in counts]
        steepest.append((shown(f"batch, {media_type}", figures, counts, "line"), media_type))
    print("steepest:", max(steepest))
    keep("input_steepness", max(steepest)[0])


if __name__ == "__main__":
    main()
