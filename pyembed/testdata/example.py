"""The Python side of pyembed's example."""

import host


class NoCrack(Exception):
    pass


def longest(cracks):
    host.log(f"comparing {len(cracks)} cracks")
    if not cracks:
        raise NoCrack("there is no crack to choose from")
    return max(cracks, key=lambda crack: crack["length"])
