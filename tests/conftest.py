"""Fixtures that several areas share."""

from hypothesis import HealthCheck, settings

# A busy machine may stop any example for a while; that is no finding.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

pytest_plugins = [
    "local_host.testing.plugin",
    "tests.support.azurite",
    "tests.support.invocation_logs",
    "tests.support.sandbox",
    "tests.support.shop",
    "tests.support.callbacks",
    "tests.support.mails",
    "tests.support.expenses",
]
