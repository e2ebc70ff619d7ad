import stat
from pathlib import Path

from scripts.state import StateFolder


def test_a_new_state_folder_is_its_owners_alone(tmp_path: Path):
    """Mails, orders and logs are in it."""
    root = tmp_path / "above" / "state"
    with StateFolder(root).lock():
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
