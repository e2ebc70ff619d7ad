"""What expenses are for, and the most that a claim may hold of each."""

from enum import StrEnum

from domain.wire import Cents, Currency


class Category(StrEnum):
    """What the money was spent on."""

    TRAVEL = "travel"
    LODGING = "lodging"
    MEALS = "meals"
    EQUIPMENT = "equipment"
    OTHER = "other"


ExpenseLimits = dict[Currency, dict[Category, Cents]]
"""The most that one claim may hold, per currency and category. Other currencies and categories are not paid."""
