"""Fixtures that several areas share."""

pytest_plugins = [
    "local_host.testing.plugin",
    "tests.support.azurite",
    "tests.support.sandbox",
    "tests.support.shop",
    "tests.support.callbacks",
    "tests.support.mails",
    "tests.support.expenses",
]
