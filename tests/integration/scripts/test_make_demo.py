"""`make demo` is the shortest way to see every kind of order; it is also a check of the whole system."""

from pathlib import Path

from tests.support.launching import launched, processes_of, running_app


def test_every_order_ends_as_it_should_and_money_and_stock_balance(tree: Path, tmp_path: Path) -> None:
    with launched(["make", "demo"], tree, tmp_path) as demo:
        assert demo.wait() == 0, demo.text

    assert "20/20" in demo.text
    assert "Money and stock balance." in demo.text


def test_it_uses_the_copy_that_is_running(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path) as app, launched(["make", "demo"], tree, tmp_path) as demo:
        assert demo.wait() == 0, demo.text
        assert "starting one" not in demo.text
        assert app.process.poll() is None
        assert len(processes_of(tmp_path)) == 4
