# SPDX-License-Identifier: Apache-2.0
"""All that is known of one customer, as lists of what happened: nothing but an erasure ever takes
anything away."""

import math

import xxhash

TOUCH_TAG_MASK = (1 << 18) - 1
PERMIT_TAG_MASK = (1 << 16) - 1
NO_TIME = -(1 << 63)  # in a field that may be null, it is read as null


def message_id_of(customer, request_id):
    return xxhash.xxh3_128(customer.encode() + b"\0" + request_id.encode()).hexdigest()


def touch_tag_of(event_id):
    return xxhash.xxh3_64(event_id.encode()).intdigest() & TOUCH_TAG_MASK


def permit_tag_of(message_id):
    return xxhash.xxh3_64(message_id.encode()).intdigest() & PERMIT_TAG_MASK


class Customer:
    """Touches and permits are dictionaries with the words of touches, their type, time and tag."""

    def __init__(self):
        self.touches = []  # what touchpoints left, in the order read
        self.permits = []  # our own, in the order given
        self.settlements = []  # touchpoints that name a message, in the order read
        self.consents = []  # (time, body) of consent touchpoints, in the order read
        self.erased_at = -math.inf  # the latest of all erasures

    def erase(self, time):
        """What is of this time or earlier is as if it had never been."""
        self.erased_at = max(self.erased_at, time)
        self.touches = [touch for touch in self.touches if touch["time"] > self.erased_at]
        self.permits = [permit for permit in self.permits if permit["time"] > self.erased_at]
        self.consents = [value for value in self.consents if value[0] > self.erased_at]

    def settled(self, permit, each, types):
        """Whether a touchpoint of one of these types settles the permit in the scope of `each`."""
        return any(
            touchpoint["type"] in types
            and names(touchpoint, permit)
            and same_scope(each, permit, touchpoint)
            for touchpoint in self.settlements
        )

    def permits_not_refunded(self, each):
        return [p for p in self.permits if not self.settled(p, each, ("bounce",))]

    def consent(self, purpose, channel):
        """The body that decides: explicit before implied, the channel's own before the general."""
        for implied in (False, True):
            for wanted in (channel, None):
                values = [
                    (time, not body["granted"], -end_of(body), body)
                    for time, body in self.consents
                    if body["purpose"] == purpose
                    and body["channel"] == wanted
                    and body["implied"] == implied
                ]
                if values:
                    return max(values, key=lambda value: value[:3])[3]
        return None


def end_of(consent):
    return math.inf if consent["until"] in (None, NO_TIME) else consent["until"]


def names(touchpoint, permit):
    """Whether a touchpoint with a message id means this permit."""
    if touchpoint["receipt"] is not None:
        return touchpoint["receipt"] == {"time": permit["time"], "tag": permit["tag"]}
    return touchpoint["order"] > permit["order"] and touchpoint["tag"] == permit["tag"]


def same_scope(each, request, touch):
    """A touch without the word does not count in that scope."""
    return each == "customer" or (touch[each] is not None and touch[each] == request[each])
