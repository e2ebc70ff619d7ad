"""The pages, in the order of the menu. Importing this declares them all."""

from console.pages import orders

__all__ = ["orders"]
