"""Turn a host name into an address that may be connected to: a public one, and nothing inside a network of ours.

A name is resolved once, and the connection is made to an address that was checked; resolving it again would let its owner return
another address the second time.

Which addresses are public is decided by the IANA registries, as of 2026, and by Python's `ipaddress`, whose tables differ from one
release to the next and lack some entries (fec0::/10, 192.88.99.0/24). Blocks for special purposes are refused whole, also the few
addresses in them that are globally reachable: no receiver of webhooks is there.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from domain.errors import ProviderUnavailable, ShopError

Address = IPv4Address | IPv6Address
Resolver = Callable[[str], Sequence[str]]

# https://www.iana.org/assignments/iana-ipv4-special-registry, and 224.0.0.0/4 for multicast (RFC 5771).
_SPECIAL_IPV4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            # Azure's own service for DNS, DHCP and health: a public address that leads nowhere public.
            "168.63.129.16/32",
        ),
    )
)
# IANA has assigned no other unicast addresses (https://www.iana.org/assignments/ipv6-address-space). So fec0::/10, fc00::/7 and
# the rest are refused, and with them the forms that hold an IPv4 address: mapped, compatible, and NAT64's 64:ff9b::/96.
_GLOBAL_IPV6: Final = IPv6Network("2000::/3")
# What https://www.iana.org/assignments/iana-ipv6-special-registry has within it; 2001::/23 holds Teredo, 2002::/16 is 6to4.
_SPECIAL_IPV6: Final = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))
)


class AddressForbidden(ShopError):
    """The name leads to an address that must not be called."""


def resolve(host: str) -> Sequence[str]:
    """Return every address of a host, by the system's resolver. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def public_address(host: str, *, allow_loopback: bool, resolver: Resolver = resolve) -> str:
    """Return an address to connect to.

    Raises:
        AddressForbidden: One of the host's addresses is not public.
        ProviderUnavailable: The host has none at the moment.
    """
    try:
        found = [ip_address(address.partition("%")[0]) for address in resolver(host)]
    except (OSError, ValueError):
        raise ProviderUnavailable("the webhook's host name could not be resolved") from None
    if not found:
        raise ProviderUnavailable("the webhook's host name has no address")
    # One forbidden address among public ones is how an attacker bends a name: it is not used at all.
    if not all(is_public(address) or (allow_loopback and address.is_loopback) for address in found):
        raise AddressForbidden("the webhook's host leads to an address that is not public")
    return str(found[0])


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public Internet's, and of one host."""
    if not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_IPV4)
    return address in _GLOBAL_IPV6 and not any(address in network for network in _SPECIAL_IPV6)
