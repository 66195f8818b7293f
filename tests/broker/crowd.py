# SPDX-License-Identifier: Apache-2.0
"""What tests of many processes have in common: a gate's members that come and go while traffic
flows, and the judgement of what stands in the topics afterwards."""

import collections
import os
import random
import subprocess
import sys
import time

from gateway import ROOT, Gateway, configuration
from test_run import PARTITIONS, BrokerCase
from traffic import POLICY, Answers, Traffic
from wire import IDS, partition_of

JUDGE = ROOT / "tests" / "oracle" / "judge_kafka.py"
WAIT_MAX_S = 180  # for anything; it only has to be longer than a busy machine takes
JUDGE_MAX_S = 1200
# Who is killed is missed soon, and his transaction is aborted soon.
PROPERTIES = """\
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
"""
IMPATIENT = {"session.timeout.ms": 3000, "heartbeat.interval.ms": 500}


class Crowd(BrokerCase):
    """Each test has its own topics, told apart by a prefix, and a seed that it prints."""

    properties = PROPERTIES
    clock = "wall"

    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("TOUCHGATE_SEED", random.randrange(1 << 30)))
        self.random = random.Random(self.seed)
        self.started = time.monotonic()
        self.gateways = []  # every one there was
        self.answers = None
        self.policy = self.folder / "policy.yaml"
        self.policy.write_text(POLICY)
        print(f"\n{self.id().rpartition('.')[2]}: TOUCHGATE_SEED={self.seed}", flush=True)

    def say(self, text):
        print(f"  {time.monotonic() - self.started:6.1f} s  {text}", flush=True)

    def wait_until(self, holds, what):
        """Waits for a condition; fails with WHAT and the logs of all processes."""
        deadline = time.monotonic() + WAIT_MAX_S
        while not holds():
            if time.monotonic() > deadline:
                self.fail(f"{what}: not within {WAIT_MAX_S} s\n{self.unanswered()}{self.logs()}")
            time.sleep(0.05)

    def unanswered(self):
        """Of the requests that have no final decision: how many, where, the first."""
        if not self.answers:
            return ""
        missing = self.answers.missing()
        places = collections.Counter(
            partition_of(self.traffic.asked[name]["customer"], PARTITIONS) for name in missing)
        return f"{len(missing)} requests wait, by partition {dict(places)}: {missing[:10]}\n"

    def logs(self):
        return "\n".join(f"{each.log_path.name}:\n{each.log()}" for each in self.gateways)

    # Traffic

    def flow(self, prefix, count, per_s, bootstrap=None, ids=IDS):
        """Topics, and traffic in them from now on."""
        self.prefix, self.served = prefix, bootstrap or self.broker.bootstrap
        self.create_topics(prefix)
        self.traffic = Traffic(self.broker.bootstrap, prefix, self.seed, count, per_s, ids)
        self.answers = Answers(self.broker.bootstrap, prefix, self.traffic)
        self.answers.start()
        self.addCleanup(self.answers.end)
        self.traffic.start()
        self.addCleanup(self.traffic.end)

    def wait_for_share(self, share):
        """Until so much of all that is asked has its final decision."""
        wanted = share * self.traffic.count * 0.39
        self.wait_until(lambda: len(self.answers.finals) >= wanted or self.answers.failure,
                        f"{wanted:.0f} final decisions")

    # Members

    def begin(self, name, *arguments, static=False, properties=None, **options):
        """A process that has just begun."""
        text = self.configure(
            {**IMPATIENT, **({"group.instance.id": name} if static else {}), **(properties or {})},
            **options)
        gateway = Gateway(self.folder, f"{name}-{len(self.gateways)}", text, "--log=json",
                          "--verbose", *arguments)
        self.addCleanup(gateway.__exit__)
        self.gateways.append(gateway)
        return gateway

    def come(self, name, *arguments, **options):
        """A process that has partitions by now."""
        gateway = self.begin(name, *arguments, **options)
        self.wait_until(lambda: "came; it has partition" in gateway.log_path.read_text(),
                        f"{name} gets partitions")
        self.say(f"{name} has come")
        return gateway

    def configure(self, properties, **options):
        options = {"shards": 1, "transaction_timeout": "4s", "http": {"listen": "off"}, **options}
        return configuration(self.served, self.policy, self.prefix, self.clock,
                             properties=properties, **options)

    def leave(self, gateway):
        self.assert_ended_well(gateway, gateway.stop(WAIT_MAX_S))
        self.say(f"{gateway.log_path.stem} has left")

    def kill(self, gateway):
        gateway.kill()
        self.say(f"{gateway.log_path.stem} is killed")

    # The end

    def finish(self, *gateways):
        self.wind_down(*gateways)
        self.assert_judged_right()

    def wind_down(self, *gateways):
        """Waits for the last final decision, then ends the processes."""
        self.wait_until(self.traffic.ended.is_set, "all is written")
        self.say(f"{dict(self.traffic.written)} written")
        self.wait_until(lambda: not self.answers.missing() or self.answers.failure,
                        "every request has its final decision")
        for gateway in gateways:
            self.leave(gateway)
        self.assertIsNone(self.answers.failure)
        self.assert_told_once()

    def assert_told_once(self):
        """What can be said without knowing what a policy means."""
        answers, traffic = self.answers, self.traffic
        self.assertEqual([name for name, count in answers.finals.items() if count > 1], [])
        self.assertEqual([name for name, count in answers.deferred.items() if count > 1], [])
        self.assertEqual([name for name, count in answers.sent.items() if count > 1], [])
        self.assertEqual(set(answers.finals), set(traffic.asked))
        self.say(f"{len(traffic.asked)} requests: {dict(answers.outcomes)}, "
                 f"{len(answers.deferred)} deferred before, {answers.repeats} repeats")

    def assert_judged_right(self):
        """Followed by the oracle, decision by decision."""
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, str(JUDGE), "--bootstrap", self.broker.bootstrap, "--clock", "wall",
             "--policy", str(self.policy), "--partitions", str(PARTITIONS),
             "--topics-prefix", self.prefix],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=JUDGE_MAX_S,
            check=False)
        print(done.stdout[-3000:], end="", flush=True)
        self.say(f"judged in {time.monotonic() - began:.1f} s")
        self.assertEqual(done.returncode, 0, done.stdout[:8000])
