"""The queue of a distant machine, and the addresses of links."""

from __future__ import annotations

import ipaddress

from benchmarks.wan import Queue, addresses


def test_a_packet_is_held_back_for_the_delay() -> None:
    queue = Queue(0.025)
    queue.put(b"one", 10.0)
    queue.put(b"two", 10.01)
    assert (queue.next, list(queue.due(10.02))) == (10.025, [])
    assert (list(queue.due(10.03)), queue.next) == ([b"one"], 10.035)
    assert (list(queue.due(10.04)), queue.next) == ([b"two"], None)


def test_links_have_addresses_of_their_own_in_the_network_for_benchmarks() -> None:
    assert addresses(0) == ("198.18.0.1", "198.18.0.2")
    assert addresses(70) == ("198.18.1.25", "198.18.1.26")
    assert addresses(32767) == ("198.19.255.253", "198.19.255.254")
    network = ipaddress.ip_network("198.18.0.0/15")
    pairs = [addresses(number) for number in range(32768)]
    assert len({near for near, _ in pairs}) == 32768
    assert all(ipaddress.ip_address(far) in network for _, far in pairs)
