"""Codes of international trade."""

from typing import Annotated

from pydantic import Field

from domain.wire import in_words

HsCode = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}(\.?[0-9]{2}){1,3}$"),
    in_words("Must be a customs tariff number of 6 to 10 digits, such as 6912.00"),
]
"""The number under which customs tariffs list a kind of goods (Harmonized System)."""

CountryCode = Annotated[
    str, Field(pattern=r"^[A-Z]{2}$"), in_words("Must be two capital letters (ISO 3166), such as US")
]
"""A country (ISO 3166)."""
