# SPDX-License-Identifier: Apache-2.0
"""Makes a small random policy, of the families that are asked for."""

import policy as policies

CHANNELS = ("ads", "email", "push")
KINDS = ("retarget", "survey", "promotion", "newsletter")
PATTERNS = {
    "campaign": ("spring-a", "spring-*", "*-a", "*", "s*g-b", "autumn", "a*b"),
    "subject": ("p1", "p*", "*2", "**"),
    "topic": ("garden", "*", "sp*"),
}
INTERESTS = ("search", "view", "cart", "click")
COUNTED = ("permit", "impression", "delivered", "survey_invited")
DURATIONS = {
    "s": ("1s", "2s", "5s", "30s"),
    "h": ("1h", "2h", "5h", "24h"),
    "d": ("1d", "3d", "7d", "30d"),
}
UNITS = ("s", "h", "d")
FEATURES = frozenset(
    ("gap", "cooldown", "consent", "general", "repeats")
    + ("bounds", "erasure", "borders", "shadow", "keep", "eras")
)
NOT_OF_KEPT = ("rule", "instead", "mode", "cold")
SLOW_FEATURES = frozenset(("overflow",))


class Policies:
    """Makes a random policy, as the mapping that the YAML file holds."""

    def __init__(self, rng, features):
        self.rng = rng
        self.features = features
        self.unit = rng.choice(UNITS)
        self.durations = rng.sample(DURATIONS[self.unit], rng.randint(1, 3))
        self.caps = []
        self.bound = None  # permits_per_customer
        self.shadows = 0  # how many rules are in shadow mode
        self.general = 0  # how many rules say `instead: general`

    def policy(self):
        rng = self.rng
        document = {"policy": f"random-{rng.randrange(1000)}"}
        if rng.random() < 0.5:
            channels = rng.sample(CHANNELS, rng.randint(1, 3))
            document["defaults"] = {
                "confirm_within": {channel: self.duration() for channel in channels}
            }
        if rng.random() < (0.35 if self.features else 0.2):
            self.bound = rng.randint(1, 4)
            document["limits"] = {"permits_per_customer": self.bound}
        if "repeats" in self.features:
            self.bound_memory(document)
        if "shadow" in self.features and not self.bound:  # with it, a shared counter has effects
            self.shadows = rng.choice((0, 0.2, 0.6))
        if "general" in self.features:
            self.general = rng.choice((0.4, 0.9, 1))
        document["rules"] = [self.rule(i) for i in range(1, rng.choice((1, 2, 3, 4, 6, 8)) + 1)]
        if "keep" in self.features and rng.random() < 0.3:
            document["keep"] = [self.kept() for _ in range(rng.randint(1, 3))]
        throttles = rng.choice((0, 0, 1, 2, 3, 4))
        if throttles:
            document["throttles"] = [self.throttle() for _ in range(throttles)]
        return document

    def duration(self):
        return self.rng.choice(self.durations)

    def bound_memory(self, document):
        rng = self.rng
        limits = document.setdefault("limits", {})
        if rng.random() < 0.6:
            limits["dedupe_for"] = self.duration()
        if rng.random() < 0.2:
            limits["dedupe_per_partition"] = rng.choice((1, 3, 5, 20))

    def rule(self, number):
        family = self.rng.choice(self.families())
        words, body = getattr(self, family)()
        rule = {"rule": f"{family}-{number}"}
        if words:
            rule["for"] = words
        rule[family] = body
        if self.shadows and family != "consent" and self.rng.random() < 0.2:
            rule["cold"] = "deny"
        if self.shadows and self.rng.random() < self.shadows:
            rule["mode"] = "shadow"
        if self.general and self.rng.random() < self.general:
            rule["instead"] = "general"
        return rule

    def kept(self):
        """A rule that is never asked."""
        rule = self.rule(0)
        return {key: value for key, value in rule.items() if key not in NOT_OF_KEPT}

    def families(self):
        more = tuple(
            family for family in ("gap", "cooldown", "consent") if family in self.features
        )
        return ("cap", "cap", "cap", "retarget", "wait") + more + more[:2]

    def cap(self):
        rng = self.rng
        if self.caps and rng.random() < 0.35:  # shares its counter with an earlier one
            words, body = rng.choice(self.caps)
            return words, dict(
                body, at_most=body["at_most"] + rng.randint(0, 2), per=self.duration()
            )
        count = rng.choice(COUNTED)
        words = self.words(
            ("channel", "campaign", "subject", "topic")
            + (("kind", "class") if count == "permit" else ())
        )
        body = {"count": count, "at_most": rng.choice((1, 1, 2, 2, 3, 4)), "per": self.duration()}
        if words and rng.random() < 0.06:
            body["at_most"] = 0
        elif self.bound and rng.random() < 0.7:
            body["at_most"] += self.bound  # so that the bound is met before the cap
        self.scope(body)
        self.caps.append((words, body))
        return words, body

    def retarget(self):
        rng = self.rng
        after = rng.sample(INTERESTS, rng.randint(1, 3))
        body = {"after": after[0] if len(after) == 1 else after, "within": self.duration()}
        if rng.random() < 0.6:
            body["until"] = "purchase"
        self.scope(body)
        return self.words(("kind", "channel", "class"), {"kind": "retarget"}), body

    def wait(self):
        rng = self.rng
        least, most = sorted((self.duration(), self.duration()), key=policies.parse_duration_ms)
        body = {
            "after": rng.choice(("interaction", "purchase", "delivered")),
            "at_least": least,
            "at_most": most,
        }
        self.scope(body)
        return self.words(("kind", "channel", "class"), {"kind": "survey"}), body

    def gap(self):
        body = {"at_least": self.duration()}
        self.scope(body)
        return self.words(("channel", "kind", "class", "campaign", "subject", "topic")), body

    def cooldown(self):
        rng = self.rng
        after = rng.sample(("permit", "permit", "click", "complaint", "survey_invited"), 2)
        after = list(dict.fromkeys(after)) if rng.random() < 0.3 else after[0]
        body = {"after": after}
        if rng.random() < 0.7:
            body["times"] = rng.randint(1, 4)
        body["for"] = self.duration()
        if rng.random() < 0.4:
            resetting = ("open", "purchase", "cart")
            body["reset_by"] = rng.choice((*resetting, list(resetting[:2])))
        self.scope(body)
        return self.words(("channel", "kind", "class")), body

    def consent(self):
        return self.words(("channel", "kind", "class"), {"kind": "newsletter"}), {}

    def scope(self, body):
        rng = self.rng
        if rng.random() < 0.6:
            body["each"] = rng.choice(("customer", "channel", "campaign", "subject", "topic"))
        if rng.random() < 0.2:
            word = rng.choice(("channel", "campaign", "topic"))
            body["where"] = {word: self.value(word)}

    def words(self, allowed, usual=None):
        rng = self.rng
        if usual and rng.random() < 0.6:
            return dict(usual)
        chosen = rng.sample(allowed, rng.choice((0, 0, 1, 1, 2)))
        return {word: self.value(word) for word in chosen}

    def value(self, word):
        rng = self.rng
        kinds = KINDS + ("general",) if "general" in self.features else KINDS
        values = {"channel": CHANNELS, "kind": kinds, "class": ("none", "housing"), **PATTERNS}[
            word
        ]
        if rng.random() < 0.3:
            return rng.sample(values, 2)
        return rng.choice(values)

    def throttle(self):
        rng = self.rng
        throttle = {}
        words = self.words(("channel", "kind", "campaign", "topic"))
        if words:
            throttle["for"] = words
        throttle["rate"] = f"{rng.choice((1, 2, 3, 7, 10))}/{self.unit}"
        if rng.random() < 0.6:
            throttle["burst"] = rng.choice((1, 2, 3, 5, 20))
        if rng.random() < 0.3:
            throttle["name"] = f"pace-{rng.randrange(10**6)}"
        return throttle
