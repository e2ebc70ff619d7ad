"""Which addresses may be called, at both edges of every block of the IANA registries for special purposes."""

from ipaddress import ip_address, ip_network

import pytest

from adapters.web.public_addresses import is_public

# https://www.iana.org/assignments/iana-ipv4-special-registry (updated 2024-08-06), /iana-ipv6-special-registry (2024-10-22).
SPECIAL = [
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::1/128",
    "::/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
]
# Multicast (RFC 5771, RFC 4291), site-local (RFC 3879), IPv4-compatible (RFC 4291), unassigned, and Azure's platform.
OTHERS = ["224.0.0.0/4", "ff00::/8", "fec0::/10", "::/96", "200::/7", "4000::/3", "a000::/3", "168.63.129.16/32"]
PUBLIC_IPV4 = [
    "1.1.1.1",
    "93.184.216.34",
    "192.88.98.255",
    "192.88.100.0",
    "168.63.129.17",
    "223.255.255.255",
    "11.0.0.0",
]
PUBLIC_IPV6 = [
    "2001:200::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:830::200e",
    "2620:4f:8001::1",
    "2003::1",
    "3ffe::1",
]


@pytest.mark.parametrize("block", SPECIAL + OTHERS)
def test_no_address_of_a_block_for_special_purposes_is_public(block: str) -> None:
    network = ip_network(block)
    assert not is_public(network[0])
    assert not is_public(network[-1])
    assert not is_public(network[network.num_addresses // 2])


@pytest.mark.parametrize(
    "embedded",
    ["::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "2001:0:808:808::1"],
)
def test_a_public_address_within_another_form_is_not_called_either(embedded: str) -> None:
    assert not is_public(ip_address(embedded))


@pytest.mark.parametrize(
    "address",
    [*PUBLIC_IPV4, *PUBLIC_IPV6],
)
def test_the_neighbours_of_these_blocks_are_public(address: str) -> None:
    assert is_public(ip_address(address))
