"""The pages, in the order of the menu. Importing this declares them all."""

from console.pages import order, order_actions, orders

__all__ = ["order", "order_actions", "orders"]
