# SPDX-License-Identifier: Apache-2.0
"""A `touchgate run` of the tests: its configuration, its process, its end."""

import json
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate"))


def configuration(bootstrap, policy, prefix, clock, properties=None, **options):
    """The text of a configuration file: JSON, which is YAML too."""
    kafka = {"bootstrap.servers": bootstrap, "group.id": f"{prefix}gate", **(properties or {})}
    names = ("touchpoints", "requests", "decisions", "rejected", "customers", "permitted")
    return json.dumps({
        "policy": str(policy), "clock": clock, "kafka": kafka,
        "topics": {name: prefix + name for name in names}, **options}, indent=2)


class Gateway:
    """A running process; ends with the `with` block, whatever happens in it."""

    def __init__(self, folder, name, text, *arguments, terminal=None):
        self.folder = pathlib.Path(folder)
        config = self.folder / f"{name}.yaml"
        config.write_text(text)
        self.log_path = self.folder / f"{name}.log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [TOUCHGATE, "run", "--config", str(config), *arguments],
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=log if terminal is None else terminal)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")[-4000:]

    def wait_for_log(self, text, timeout_s=40):
        """Until the log has TEXT; an AssertionError if it is not there in time."""
        deadline = time.monotonic() + timeout_s
        while text not in self.log_path.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"no {text!r} in the log:\n{self.log()}")
            time.sleep(0.05)

    def wait(self, timeout_s):
        """The exit status; None if it is not over in time."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, timeout_s=30):
        """Asks it to end, as a service manager does; its exit status, None if it does not."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(timeout_s)
