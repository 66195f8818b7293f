# SPDX-License-Identifier: Apache-2.0
"""The random cases: that what they are for occurs in them."""

import unittest
from collections import Counter

from random_case import make_case, verdict_of

SEEDS = range(1, 81)


class Occurs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reasons, cls.letters = Counter(), Counter()
        for seed in SEEDS:
            verdict = verdict_of(make_case(seed))
            cls.letters.update(letter["reason"] for letter in verdict.rejected)
            for decision in verdict.decisions:
                cls.reasons.update(reason["rule"] for reason in decision["reasons"])

    def test_every_reason_of_the_gate_occurs(self):
        for name in ("expired", "unknown channel", "erased", "expires first"):
            self.assertGreater(self.reasons[name], 5, name)
        for name in ("history full", "dedupe full", "deferral full"):
            self.assertGreater(self.reasons[name], 5, name)

    def test_every_dead_letter_occurs(self):
        for name in ("no customer", "no body", "no time"):
            self.assertGreater(self.letters[name], 5, name)


class Seeds(unittest.TestCase):
    def test_a_seed_is_one_case_and_another_is_another(self):
        self.assertEqual(make_case(5), make_case(5))
        self.assertNotEqual(make_case(5), make_case(6))


if __name__ == "__main__":
    unittest.main()
