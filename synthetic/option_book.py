"""What rests and what is still to happen: customers' limit orders and the queue of coming events.

Owns the linked list of resting customers by contract and the binary heap by time. Refuses to run out of room:
whoever calls reserves first, and a full structure is an error of ours.
"""

import numpy as np
from numba import njit

from synthetic.layout import O_CONTRACT, O_CUSTOMER, O_OPEN, O_ORDER, O_PACKAGE, O_PARENT, O_PURPOSE, O_SIDE
from synthetic.option_layout import (
    E_FREE,
    E_HEAP,
    E_IDENTITY,
    H_A,
    H_B,
    H_KIND,
    H_TS,
    HEAP_COLUMNS,
    N_HEAD,
    R_CONTRACT,
    R_CUSTOMER,
    R_NEXT,
    R_OPEN,
    R_ORDER,
    R_PACKAGE,
    R_PARENT,
    R_PRICE,
    R_PURPOSE,
    R_SIDE,
    R_SIZE,
    R_VENUE,
    Book,
)


@njit(cache=True)
def push(book: Book, ts: int, kind: int, a: int, b: int) -> None:
    """Plan an event."""
    heap, at = book.heap, book.counters[E_HEAP]
    book.counters[E_HEAP] = at + 1
    while at > 0:
        above = (at - 1) >> 1
        if heap[above, H_TS] <= ts:
            break
        for column in range(HEAP_COLUMNS):
            heap[at, column] = heap[above, column]
        at = above
    heap[at, H_TS], heap[at, H_KIND], heap[at, H_A], heap[at, H_B] = ts, kind, a, b


@njit(cache=True)
def pop(book: Book) -> tuple[int, int, int, int]:
    """Take the earliest event: time, kind and its two arguments."""
    heap = book.heap
    first = (heap[0, H_TS], heap[0, H_KIND], heap[0, H_A], heap[0, H_B])
    last = book.counters[E_HEAP] - 1
    book.counters[E_HEAP] = last
    at, ts = 0, heap[last, H_TS]
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and heap[below + 1, H_TS] < heap[below, H_TS]:
            below += 1
        if heap[below, H_TS] >= ts:
            break
        for column in range(HEAP_COLUMNS):
            heap[at, column] = heap[below, column]
        at = below
    for column in range(HEAP_COLUMNS):
        heap[at, column] = heap[last, column]
    return first


@njit(cache=True)
def new_identity(book: Book) -> int:
    """Return an identity for an order of a market maker."""
    book.counters[E_IDENTITY] += 1
    return int(book.counters[E_IDENTITY])


@njit(cache=True)
def rest(book: Book, order: np.ndarray, price: int, size: int, venue: int) -> int:
    """Let what is left of a customer's order rest at a venue; returns its slot."""
    left = book.counters[E_FREE] - 1
    slot = book.free[left]
    book.counters[E_FREE] = left
    row, contract = book.rest[slot], order[O_CONTRACT]
    row[R_NEXT] = book.state[contract, N_HEAD]
    row[R_SIDE], row[R_PRICE], row[R_SIZE], row[R_VENUE] = order[O_SIDE], price, size, venue
    row[R_ORDER], row[R_PARENT] = order[O_ORDER], order[O_PARENT]
    row[R_PURPOSE], row[R_CONTRACT], row[R_PACKAGE] = order[O_PURPOSE], contract, order[O_PACKAGE]
    row[R_OPEN], row[R_CUSTOMER] = order[O_OPEN], order[O_CUSTOMER]
    book.state[contract, N_HEAD] = slot
    return int(slot)


@njit(cache=True)
def leave(book: Book, slot: int) -> None:
    """Take a resting order out of the book."""
    contract = book.rest[slot, R_CONTRACT]
    after = book.rest[slot, R_NEXT]
    if book.state[contract, N_HEAD] == slot:
        book.state[contract, N_HEAD] = after
    else:
        at = book.state[contract, N_HEAD]
        while book.rest[at, R_NEXT] != slot:
            at = book.rest[at, R_NEXT]
        book.rest[at, R_NEXT] = after
    book.rest[slot, R_ORDER] = -1
    book.free[book.counters[E_FREE]] = slot
    book.counters[E_FREE] += 1


@njit(cache=True)
def resting_at(book: Book, contract: int, venue: int, side: int) -> int:
    """Return the best resting order of a side at a venue (-1: any), the earliest at its price; -1 none."""
    found, slot = -1, book.state[contract, N_HEAD]
    while slot >= 0:
        row = book.rest[slot]
        if row[R_SIDE] == side and (venue < 0 or row[R_VENUE] == venue):
            # The list runs from the youngest to the oldest, so an equal price is earlier.
            is_better = found < 0 or (row[R_PRICE] - book.rest[found, R_PRICE]) * side >= 0
            found = slot if is_better else found
        slot = row[R_NEXT]
    return found
