"""Fixtures that several areas share."""

pytest_plugins = ["tests.support.azurite", "tests.support.sandbox", "tests.support.shop"]
