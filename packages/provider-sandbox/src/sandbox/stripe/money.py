"""Currencies and the amounts that Stripe accepts in them, as https://docs.stripe.com/currencies has them in 2026."""

from sandbox.stripe.errors import StripeRefusal, invalid_request

# UGX is in Stripe's list of currencies without decimals, but its charges are stated with two, as those of ISK.
_ZERO_DECIMAL_CODES = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_WHOLE_CODES = "isk ugx"
_THREE_DECIMAL_CODES = "bhd jod kwd omr tnd"
_OTHER_CODES = (
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc"
    " cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs khr kyd kzt"
    " lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln"
    " qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah uyu uzs wst xcd xcg yer"
    " zar zmw"
)
_ZERO_DECIMAL = frozenset(_ZERO_DECIMAL_CODES.split())
_WHOLE = frozenset(_WHOLE_CODES.split())
_THREE_DECIMAL = frozenset(_THREE_DECIMAL_CODES.split())
_CURRENCIES = _ZERO_DECIMAL | _WHOLE | _THREE_DECIMAL | frozenset(_OTHER_CODES.split())
# What Stripe documents per currency in which an account is paid; elsewhere half a unit stands in for its equivalent.
_MINIMUM = {
    **dict.fromkeys(_CURRENCIES, 50),
    "aed": 200,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
    "bgn": 100,
}
_MAX_AMOUNT = 999_999_999_999
_MAX_AMEX_AMOUNT = 999_999_999
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def currency_code(raw: str) -> str:
    """Return the lower-case code. Raises StripeRefusal for a currency that Stripe does not take."""
    code = raw.lower()
    if code not in _CURRENCIES:
        listed = ", ".join(sorted(_CURRENCIES))
        raise invalid_request(
            f"Invalid currency: {raw[:8]}. Stripe currently supports these currencies: {listed}", param="currency"
        )
    return code


def check_chargeable(amount: int, currency: str) -> None:
    """Raise StripeRefusal for an amount (smallest unit) below or above what may be charged at once."""
    if amount <= 0:
        raise _refused(
            "parameter_invalid_integer",
            "The amount must be greater than or equal to the minimum charge"
            " amount allowed for your account and the currency set.",
        )
    check_form(amount, currency)
    minimum = _MINIMUM[currency]
    if amount < minimum:
        raise _refused("amount_too_small", f"Amount must be at least {in_words(minimum, currency)}")
    if amount > _MAX_AMOUNT:
        raise _refused("amount_too_large", f"Amount must be no more than {in_words(_MAX_AMOUNT, currency)}")


def check_form(amount: int, currency: str) -> None:
    """Raise StripeRefusal for digits that the currency does not have.

    The code and the words for ISK and UGX are Stripe's (https://support.stripe.com/questions/
    deprecation-of-fractional-isk-charges-and-refunds); for currencies with three decimals it documents the rule only.
    """
    if currency in _WHOLE and amount % 100:
        raise _refused(
            "invalid_charge_amount_no_decimal_compatible",
            f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and charged amounts must be"
            " evenly divisible by 100. See https://stripe.com/docs/currencies#special-cases for more information.",
        )
    if currency in _THREE_DECIMAL and amount % 10:
        raise _refused("parameter_invalid_integer", "Invalid amount. The least-significant digit must be 0.")


def check_card_maximum(amount: int, currency: str, brand: str) -> None:
    """Raise StripeRefusal for an amount that cards of this brand cannot be charged with."""
    if brand == "amex" and amount > _MAX_AMEX_AMOUNT:
        raise _refused("amount_too_large", f"Amount must be no more than {in_words(_MAX_AMEX_AMOUNT, currency)}")


def in_words(amount: int, currency: str) -> str:
    """Return an amount in words: 1999, usd → `$19.99`; 500, jpy → `¥500`; 1230, kwd → `1.230 kwd`; 100, chf → `1.00 chf`."""
    decimals = 0 if currency in _ZERO_DECIMAL else 3 if currency in _THREE_DECIMAL else 2
    whole, rest = divmod(amount, 10**decimals)
    number = f"{whole:,}.{rest:0{decimals}}" if decimals else f"{whole:,}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency}"


def _refused(code: str, message: str) -> StripeRefusal:
    return invalid_request(message, code=code, param="amount")
