"""
Puts logs in order by counting, where a sort would take longer than all the rest of settlement.

Everything here runs interpreted, or compiled as it stands.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

DAY = 86_400


def out_of_order(groups: Sequence[int], moments: Sequence[int]) -> int:
    """How many rows lie before one of an earlier group, or of the same group and an earlier moment."""
    count = 0
    for row in range(1, len(groups)):
        before, group = groups[row - 1], groups[row]
        if before > group or (before == group and moments[row - 1] > moments[row]):
            count += 1
    return count


def put_by_worker(
    workers: Sequence[int],
    came: Sequence[int],
    least_worker: int,
    first_came: int,
    days: int,
    slots: MutableSequence[int],
    order: MutableSequence[int],
) -> None:
    """
    The logs in the order of their worker, then of coming, equal ones as they lie.

    `slots` is all zeros: one number for each worker and day from the least and the first on, and one more.
    """
    for log in range(len(came)):
        slots[(workers[log] - least_worker) * days + (came[log] - first_came) // DAY + 1] += 1
    for slot in range(1, len(slots)):
        slots[slot] += slots[slot - 1]
    for log in range(len(came)):
        slot = (workers[log] - least_worker) * days + (came[log] - first_came) // DAY
        place = slots[slot]
        slots[slot] = place + 1
        order[place] = log
    # A worker has few logs a day, so that each is soon at its place.
    for place in range(1, len(order)):
        log, behind = order[place], place
        at, worker = came[log], workers[log]
        while behind > 0 and workers[order[behind - 1]] == worker and came[order[behind - 1]] > at:
            order[behind] = order[behind - 1]
            behind -= 1
        order[behind] = log


def begin_ranges(groups: Sequence[int], least_group: int, shift: int, begins: MutableSequence[int]) -> None:
    """
    Where each range of 2 to the `shift` groups begins once rows lie by range; `begins` is all zeros, and one more.
    """
    for row in range(len(groups)):
        begins[((groups[row] - least_group) >> shift) + 1] += 1
    for place in range(1, len(begins)):
        begins[place] += begins[place - 1]


def put_by_range(
    groups: Sequence[int],
    least_group: int,
    shift: int,
    begins: MutableSequence[int],
    column: Sequence[int],
    put: MutableSequence[int],
) -> None:
    """
    A column's rows by range of groups, those of a range as they lay; `begins` moves on to where each range ends.

    Rows are read one after another and written to few places at once, which memory is quick at.
    """
    for row in range(len(groups)):
        at = (groups[row] - least_group) >> shift
        put[begins[at]] = column[row]
        begins[at] += 1


def put_by_group(
    groups: Sequence[int],
    came: Sequence[int],
    keys: Sequence[int],
    least_group: int,
    slots: MutableSequence[int],
    order: MutableSequence[int],
) -> None:
    """
    The logs in the order of their group, then of coming, then of their source key.

    `slots` is all zeros, one number for each group from the least on, and one more. Files arrive nearly in the order of
    coming, so that within its group each log is soon at its place.
    """
    for log in range(len(groups)):
        slots[groups[log] - least_group + 1] += 1
    for slot in range(1, len(slots)):
        slots[slot] += slots[slot - 1]
    for log in range(len(groups)):
        slot = groups[log] - least_group
        place = slots[slot]
        slots[slot] = place + 1
        order[place] = log
    first = 0
    for slot in range(len(slots) - 1):
        for place in range(first + 1, slots[slot]):
            log, behind = order[place], place
            at, key = came[log], keys[log]
            while behind > first and (
                came[order[behind - 1]] > at or (came[order[behind - 1]] == at and keys[order[behind - 1]] > key)
            ):
                order[behind] = order[behind - 1]
                behind -= 1
            order[behind] = log
        first = slots[slot]
