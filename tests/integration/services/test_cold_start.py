"""A cold start imports no more than it needs: every module is waited for by the first caller."""

import subprocess
import sys

from tests.support.shop import ROOT


def test_a_cold_start_imports_no_client_of_a_provider_or_of_storage() -> None:
    program = (
        "import sys, function_app;"
        "print([name for name in sys.modules if name.split('.')[0] in ('stripe', 'easypost', 'jinja2', 'requests')"
        " or name.startswith(('azure.storage', 'azure.data', 'azure.identity', 'azure.core'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
