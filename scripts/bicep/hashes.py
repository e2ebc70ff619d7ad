"""The names that Azure makes: `uniqueString()`, `guid()` and the parts of a network, as Resource Manager computes them.

The algorithms are public: `guid()` is a UUID of version 5 in a namespace of its own, `uniqueString()` a MurmurHash of 64 bits made
of two halves, as letters of base 32. The recorded deployments in tests/integration/infra hold both.
"""

import ipaddress
import uuid
from typing import Final

from scripts.bicep.values import Refused

_NAMESPACE: Final = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_32_BITS: Final = 0xFFFFFFFF
_64_BITS: Final = 0xFFFFFFFFFFFFFFFF
_C1: Final = 0x239B961B
_C2: Final = 0xAB0E9789


def guid(*parts: str) -> str:
    """Return the id that `guid()` makes of these texts."""
    return str(uuid.uuid5(_NAMESPACE, "-".join(parts)))


def unique_string(*parts: str) -> str:
    """Return the 13 letters that `uniqueString()` makes of these texts."""
    rest, letters = _murmur_hash("-".join(parts).encode()), ""
    for _ in range(13):
        letters += _LETTERS[rest >> 59]
        rest = rest << 5 & _64_BITS
    return letters


def cidr_subnet(network: str, prefix: int, index: int) -> str:
    """Return the part number `index`, from 0, of this size. Raises Refused where the network has no such part."""
    try:
        whole = ipaddress.ip_network(network, strict=False)
        found = ipaddress.ip_network((int(whole.network_address) + (index << (whole.max_prefixlen - prefix)), prefix))
    except ValueError as error:
        raise Refused(f"cidrSubnet: {error}") from None
    if prefix < whole.prefixlen or int(found.broadcast_address) > int(whole.broadcast_address):
        raise Refused(f"Could not generate subnet for network '{network}' and CIDR value '{prefix}'.")
    return str(found)


def _murmur_hash(data: bytes) -> int:
    one = two = 0
    whole = len(data) - len(data) % 8
    for at in range(0, whole, 8):
        one ^= _first(data[at : at + 4])
        one = ((_rotated(one, 19) + two) * 5 + 0x561CCD1B) & _32_BITS
        two ^= _second(data[at + 4 : at + 8])
        two = ((_rotated(two, 13) + one) * 5 + 0x0BCAA747) & _32_BITS
    one ^= _first(data[whole : whole + 4]) ^ len(data)
    two ^= _second(data[whole + 4 :]) ^ len(data)
    one, two = _mixed_with(one, two)
    one, two = _mixed_with(_spread(one), _spread(two))
    return two << 32 | one


def _mixed_with(one: int, two: int) -> tuple[int, int]:
    one = (one + two) & _32_BITS
    return one, (two + one) & _32_BITS


def _first(data: bytes) -> int:
    return _rotated(int.from_bytes(data, "little") * _C1 & _32_BITS, 15) * _C2 & _32_BITS


def _second(data: bytes) -> int:
    return _rotated(int.from_bytes(data, "little") * _C2 & _32_BITS, 17) * _C1 & _32_BITS


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & _32_BITS


def _spread(value: int) -> int:
    value = (value ^ value >> 16) * 0x85EBCA6B & _32_BITS
    value = (value ^ value >> 13) * 0xC2B2AE35 & _32_BITS
    return value ^ value >> 16
