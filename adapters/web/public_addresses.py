"""Turn a host name into addresses that may be connected to: public ones, and nothing inside a network of ours.

A name is resolved once, and the connection is made to an address that was checked; resolving it again would let its owner answer
differently the second time.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from domain.errors import ProviderUnavailable, ShopError

Address = IPv4Address | IPv6Address
Resolver = Callable[[str], Sequence[str]]

# Azure's own answering machine for DNS, DHCP and health: a public address that leads nowhere public.
_PLATFORM: Final = frozenset({ip_address("168.63.129.16")})
# A translator turns what is behind this prefix into the IPv4 address in its last four bytes (RFC 6052, RFC 8215).
_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


class AddressForbidden(ShopError):
    """The name leads to an address that must not be called."""


def resolve(host: str) -> Sequence[str]:
    """Every address of a host, by the system's resolver. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def public_address(host: str, *, allow_loopback: bool, resolver: Resolver = resolve) -> str:
    """An address to connect to. Raises AddressForbidden when any of the host's is not public, ProviderUnavailable without one."""
    try:
        found = [ip_address(address.partition("%")[0]) for address in resolver(host)]
    except (OSError, ValueError):
        raise ProviderUnavailable("the callback's host name could not be resolved") from None
    if not found:
        raise ProviderUnavailable("the callback's host name has no address")
    # One forbidden address among public ones is how a name is bent: it is not used at all.
    if not all(_may_be_called(address, allow_loopback) for address in found):
        raise AddressForbidden("the callback's host leads to an address that is not public")
    return str(found[0])


def _may_be_called(address: Address, allow_loopback: bool) -> bool:
    if allow_loopback and address.is_loopback:
        return True
    return all(_is_public(each) for each in (address, *_embedded(address)))


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved and address not in _PLATFORM


def _embedded(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address stands for, in one way or another."""
    if isinstance(address, IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _TRANSLATED):
        found.append(IPv4Address(address.packed[-4:]))
    return [each for each in found if each is not None]
