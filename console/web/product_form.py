"""A product as the text of a form, and back: what is wrong is said at the field that has it."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from console.web.fields import NUMBER_OR_EMPTY, WHOLE_NUMBER, price
from console.web.rendering import amount
from domain.catalogue.product import Grams, Product, ProductName, Side
from domain.catalogue.shards import ShardCount
from domain.field_error import FieldError
from domain.ids import ProductId
from domain.refusals import Invalid
from domain.trade_codes import CountryCode, HsCode
from domain.wire import Currency, Edge
from services.input.documents import validated

_SIDES: Final = ("length_mm", "width_mm", "height_mm")
# Where a form has a field of a product under another name, or in parts.
_FIELDS: Final = {"unit_price_cents": "price", **{f"size_mm[{place}]": name for place, name in enumerate(_SIDES)}}


def _emptied(text: Any) -> Any:
    """Return None for a field that was left empty, and capital letters: that is how such codes are written."""
    return (text.strip().upper() or None) if isinstance(text, str) else text


class ProductForm(Edge):
    """A product as a person types it.

    Attributes:
        version: Of the product that the person has seen; empty for a new one.
    """

    product_id: ProductId
    name: ProductName
    price: Annotated[str, Field(max_length=20)]
    currency: Currency = "usd"
    weight_grams: Annotated[Grams, WHOLE_NUMBER] = 500
    length_mm: Annotated[Side | None, NUMBER_OR_EMPTY] = None
    width_mm: Annotated[Side | None, NUMBER_OR_EMPTY] = None
    height_mm: Annotated[Side | None, NUMBER_OR_EMPTY] = None
    hs_code: Annotated[HsCode | None, BeforeValidator(_emptied)] = None
    origin_country: Annotated[CountryCode | None, BeforeValidator(_emptied)] = None
    stock_shards: Annotated[ShardCount, WHOLE_NUMBER] = 1
    for_sale: Literal["yes", "no"] = "no"
    version: Annotated[str, Field(max_length=100)] = ""


def typed_product(form: ProductForm, known: Product | None) -> Product:
    """Return the product that a form has; of what the form does not have, that of the product as it is known.

    Raises:
        Invalid: Fields break rules. Each error has the name of its field in the form.
    """
    facts: dict[str, Any] = {
        "product_id": form.product_id,
        "name": form.name,
        "unit_price_cents": price(form.price, form.currency),
        "currency": form.currency,
        "weight_grams": form.weight_grams,
        "for_sale": form.for_sale == "yes",
    }
    facts |= {
        name: getattr(form, name)
        for name in ("hs_code", "origin_country", "stock_shards")
        if name in form.model_fields_set
    }
    if not form.model_fields_set.isdisjoint(_SIDES):
        facts["size_mm"] = _sides(form)
    try:
        return validated(Product, ({} if known is None else dict(known)) | facts)
    except Invalid as refusal:
        raise Invalid(
            error.model_copy(update={"field": _FIELDS.get(error.field, error.field)}) for error in refusal.errors
        ) from None


def form_values(product: Product | None) -> dict[str, str]:
    """Return a product as the texts of the form; of a new one what is usual."""
    if product is None:
        return {"currency": "usd", "weight_grams": "500", "stock_shards": "1", "for_sale": "yes"}
    facts = product.model_dump(include={"product_id", "name", "currency", "weight_grams", "stock_shards"})
    return {
        **{name: str(value) for name, value in facts.items()},
        "price": amount(product.unit_price_cents, product.currency).split(" ")[0].replace(",", ""),
        **{name: str(side) for name, side in zip(_SIDES, product.size_mm or (), strict=False)},
        "hs_code": product.hs_code or "",
        "origin_country": product.origin_country or "",
        "stock_shards": str(product.stock_shards),
        "for_sale": "yes" if product.for_sale else "no",
    }


def product_facts(product: Product) -> dict[str, str]:
    """Return a product as people read it, by the names that pages give to its fields."""
    sides = product.size_mm
    return {
        "Name": product.name,
        "Price": amount(product.unit_price_cents, product.currency),
        "Weight": f"{product.weight_grams} g",
        "Size": "" if sides is None else f"{sides[0]} × {sides[1]} × {sides[2]} mm",
        "Tariff number": product.hs_code or "",
        "Country of origin": product.origin_country or "",
        "Shards of the stock": str(product.stock_shards),
        "For sale": "yes" if product.for_sale else "no",
    }


def _sides(form: ProductForm) -> tuple[int, ...] | None:
    sides = [getattr(form, name) for name in _SIDES]
    missing = [name for name, side in zip(_SIDES, sides, strict=True) if side is None]
    if missing and len(missing) < len(sides):
        rule = "Must be there, as the other sides are; or leave all three empty"
        raise Invalid(FieldError(field=name, rule="missing", message=rule) for name in missing)
    return None if missing else tuple(sides)
