# SPDX-License-Identifier: Apache-2.0
"""A real Kafka broker on this machine, for as long as somebody needs it.

One process, broker and controller in one (KRaft), on free ports of the loopback, its data in a
temporary folder. The jars come through Maven once and stay in .cache/kafka-<version>. Starting
takes about 5 s and 350 MB; the process is ended by its id, which stands in <folder>/pid together
with the address in <folder>/bootstrap.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSIONS = ("4.1.1", "3.9.1")
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{more}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{more_advertised}
controller.listener.names=CONTROLLER
listener.security.protocol.map=\
PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,DETOUR:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
"""


class BrokerError(Exception):
    """Says for a person what went wrong and where to look."""


def fetch_jars(version=VERSIONS[0]):
    """Returns the folder with the jars of VERSION; Maven fetches what is not there."""
    jars = ROOT / ".cache" / f"kafka-{version}"
    if jars.is_dir():
        return jars
    jars.parent.mkdir(exist_ok=True)
    fresh = pathlib.Path(tempfile.mkdtemp(prefix=f"kafka-{version}.", dir=jars.parent))
    try:
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", str(pathlib.Path(__file__).with_name("pom.xml")),
             f"-Dkafka.version={version}", "dependency:copy-dependencies",
             "-DincludeScope=runtime", f"-DoutputDirectory={fresh}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=600, check=False)
        if done.returncode != 0:
            raise BrokerError(f"Maven could not fetch Kafka {version}:\n{done.stdout[-3000:]}")
        fresh.rename(jars)
    finally:
        if fresh.exists():
            shutil.rmtree(fresh)
    return jars


def free_ports(count):
    """Returns COUNT ports of the loopback that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def java(jars, *arguments):
    return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars}/*", *arguments]


def is_led(topic, partitions):
    """Whether this metadata of a topic (None: not there yet) has all partitions, each led."""
    return (topic is not None and len(topic.partitions) == partitions
            and all(each.leader >= 0 for each in topic.partitions.values()))


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """A running broker: .bootstrap is its address, .folder holds its data and its log."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.bootstrap = (self.folder / "bootstrap").read_text().strip()
        self.process = None  # of a broker that this process started
        self.jars = None  # likewise

    @property
    def pid(self):
        return int((self.folder / "pid").read_text())

    @classmethod
    def start(cls, version=VERSIONS[0], port=None, properties="", secure_port=None, users=(),
              detour=None):
        """Starts a broker on PORT (none: a free one) and returns once it answers.

        PROPERTIES are lines for its server.properties; they win over ours. With SECURE_PORT it
        listens there too, as localhost by SASL_SSL, which PROPERTIES configure; USERS are
        (name, password) for SCRAM-SHA-512. With a DETOUR clients can come by that as well.
        """
        jars = fetch_jars(version)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="touchgate-kafka-"))
        controller, free, inner = free_ports(3)
        port = port or free
        more = more_advertised = ""
        if secure_port:
            more += f",SASL_SSL://127.0.0.1:{secure_port}"
            more_advertised += f",SASL_SSL://localhost:{secure_port}"
        if detour:
            more += f",DETOUR://127.0.0.1:{inner}"
            more_advertised += f",DETOUR://127.0.0.1:{detour.start(inner).port}"
        (folder / "server.properties").write_text(
            PROPERTIES.format(port=port, controller=controller, folder=folder, more=more,
                              more_advertised=more_advertised) + properties)
        scram = [word for name, password in users for word in (
            "--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]")]
        with open(folder / "broker.log", "wb") as log:
            subprocess.run(
                java(jars, "kafka.tools.StorageTool", "format", f"--cluster-id={CLUSTER_ID}",
                     "-c", str(folder / "server.properties"), *scram),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=60, check=True)
        (folder / "bootstrap").write_text(f"127.0.0.1:{port}\n")
        broker = cls(folder)
        broker.jars = jars
        broker.start_again()
        return broker

    def start_again(self):
        """After a kill: with the log that was left, at the same address."""
        with open(self.folder / "broker.log", "ab") as log:
            self.process = subprocess.Popen(
                java(self.jars, "kafka.Kafka", str(self.folder / "server.properties")),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        (self.folder / "pid").write_text(f"{self.process.pid}\n")
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def kill(self):
        """Ends a broker that this process started, without a word; its log stays."""
        self.process.kill()
        self.process.wait()

    def wait_until_ready(self):
        from confluent_kafka import KafkaException
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if answers(int(self.bootstrap.rpartition(":")[2])):
                try:
                    self.admin().list_topics(timeout=5)
                    return
                except KafkaException:
                    pass
            time.sleep(0.2)
        tail = (self.folder / "broker.log").read_text(errors="replace")[-3000:]
        raise BrokerError(f"The broker did not come up; {self.folder}/broker.log ends:\n{tail}")

    def admin(self):
        from confluent_kafka.admin import AdminClient
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})

    def create_topics(self, topics, partitions=4, config=None):
        """Creates TOPICS, kept for ever unless CONFIG says else.

        Returns when clients can find them: the controller has them a moment before the broker that
        answers for them. Customers are compacted, as they are in a deployment.
        """
        from confluent_kafka.admin import NewTopic
        new = [NewTopic(topic, partitions, 1, config={
            "retention.ms": "-1",
            "cleanup.policy": "compact" if topic.endswith("customers") else "delete",
            **(config or {})}) for topic in topics]
        admin = self.admin()
        for made in admin.create_topics(new, operation_timeout=30).values():
            made.result()
        deadline = time.monotonic() + 30
        while not all(is_led(admin.list_topics(timeout=10).topics.get(topic), partitions)
                      for topic in topics):
            if time.monotonic() > deadline:
                raise RuntimeError(f"no leaders for {topics}")
            time.sleep(0.05)

    def is_running(self):
        """True while the process is there and is the one that was started on this folder."""
        if self.process and self.process.poll() is not None:
            return False
        try:
            command = pathlib.Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return False
        return str(self.folder).encode() in command

    def stop(self):
        """Ends the process and removes the folder; harmless when it has ended already."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + STOP_TIMEOUT_S
            if self.is_running():
                os.kill(self.pid, number)
            while self.is_running() and time.monotonic() < deadline:
                time.sleep(0.1)
        shutil.rmtree(self.folder, ignore_errors=True)
