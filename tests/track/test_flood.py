"""The counter of requests by network is right by the minute, and bounded."""

from mailpipe.track import flood


def test_each_network_is_counted_by_itself_and_anew_each_minute() -> None:
    counter = flood.Flood(limit=2)

    assert [counter.is_over("192.0.2.0/24", 1) for _ in range(3)] == [False, False, True]
    assert not counter.is_over("198.51.100.0/24", 1)
    assert not counter.is_over("192.0.2.0/24", 2)


def test_a_million_networks_do_not_fill_the_memory() -> None:
    counter = flood.Flood(limit=2)

    for number in range(flood.NETWORKS + 1000):
        counter.is_over(str(number), 1)

    assert len(counter._counts) == flood.NETWORKS
