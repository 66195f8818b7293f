# SPDX-License-Identifier: Apache-2.0
"""The README shows what the quickstart prints as it is, and links to what is there."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate"))


def shown(text):
    """The lines of the output in "Try it"."""
    return re.search(r"^## Try it.*?^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL).group(1)


class Readme(unittest.TestCase):
    def setUp(self):
        self.text = (ROOT / "README.md").read_text()

    def test_its_output_is_what_the_quickstart_prints(self):
        command = [TOUCHGATE, "run", "--embedded", "deploy/journey", "--config",
                   "deploy/quickstart.yaml", "--log", "text", "--exit-at-end"]
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([*command, "--output", folder], cwd=ROOT, timeout=120,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=True)
        printed = {line.rstrip() for line in done.stdout.splitlines()}
        told = [line for line in shown(self.text).splitlines() if line and line != "..."]
        self.assertGreater(len(told), 15)
        for line in told:
            # On a terminal there is a heading, and the seconds differ.
            if not line.startswith("time of the record") and " in 1" not in line:
                self.assertTrue(line in printed, line)

    def test_its_commands_are_in_the_quickstart_and_the_tests(self):
        block = re.search(r"^## Try it\n.*?\n\n((?:    [^\n]*\n)+)", self.text,
                          re.MULTILINE | re.DOTALL).group(1)
        for line in block.splitlines():
            self.assertTrue(os.access(ROOT / line.split()[0], os.X_OK), line)

    def test_links_between_pages_lead_somewhere(self):
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        for page in pages:
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                with self.subTest(page=page.name, link=link):
                    self.assertTrue((page.parent / link).exists())


if __name__ == "__main__":
    unittest.main()
