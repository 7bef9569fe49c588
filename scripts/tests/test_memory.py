"""Peak memory is that since the last reset."""

import torch

import memory

MEGABYTE = 1 << 20


def test_the_peak_counts_what_was_freed_since_and_not_what_was_freed_before():
    spec = {"device": "cpu"}
    big = torch.ones(400 * MEGABYTE // 4)
    del big
    memory.reset(spec)
    before = memory.peak(spec)
    small = torch.ones(200 * MEGABYTE // 4)
    del small
    after = memory.peak(spec)
    assert before["host_bytes"] > 0
    assert 150 * MEGABYTE < after["host_bytes"] - before["host_bytes"] < 300 * MEGABYTE
    assert after["device_bytes"] == 0
