"""Currencies and the amounts that Stripe accepts in them."""

from sandbox.stripe.errors import StripeRefusal, invalid_request

_ZERO_DECIMAL_CODES = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
_OTHER_CODES = (
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny"
    " cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd jod"
    " kes kgs khr kwd kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr"
    " nzd omr pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try"
    " ttd twd tzs uah uyu uzs wst yer zar zmw"
)
_ZERO_DECIMAL = frozenset(_ZERO_DECIMAL_CODES.split())
_CURRENCIES = _ZERO_DECIMAL | frozenset(_OTHER_CODES.split())
# The minimum charge per currency, as far as Stripe documents it; elsewhere 50 of the smallest unit stands in.
_MINIMUM = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "dkk": 250, "sek": 300, "nok": 300, "mxn": 1000, "czk": 1500}
_MAXIMUM = 99_999_999
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def currency_code(raw: str) -> str:
    """The lower-case code. Raises StripeRefusal for a currency that Stripe does not take."""
    code = raw.lower()
    if code not in _CURRENCIES:
        listed = ", ".join(sorted(_CURRENCIES))
        raise invalid_request(
            f"Invalid currency: {raw[:8]}. Stripe currently supports these currencies: {listed}", param="currency"
        )
    return code


def check_chargeable(amount: int, currency: str) -> None:
    """Raises StripeRefusal for an amount (smallest unit) below or above what may be charged at once."""
    if amount <= 0:
        raise _refused(
            "parameter_invalid_integer",
            "The amount must be greater than or equal to the minimum charge"
            " amount allowed for your account and the currency set.",
        )
    minimum = _MINIMUM.get(currency, 50)
    if amount < minimum:
        raise _refused("amount_too_small", f"Amount must be at least {in_words(minimum, currency)}")
    if amount > _MAXIMUM:
        raise _refused("amount_too_large", f"Amount must be no more than {in_words(_MAXIMUM, currency)}")


def in_words(amount: int, currency: str) -> str:
    """1999, usd → `$19.99`; 500, jpy → `¥500`; 100, chf → `1.00 chf`."""
    number = f"{amount:,}" if currency in _ZERO_DECIMAL else f"{amount / 100:,.2f}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency}"


def _refused(code: str, message: str) -> StripeRefusal:
    return invalid_request(message, code=code, param="amount")
