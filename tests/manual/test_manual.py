# SPDX-License-Identifier: Apache-2.0
"""Every command has a manual page with every option of its --help; shells complete them all."""

import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = pathlib.Path(os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate")))
MADE = TOUCHGATE.parent / "docs" / "man"

sys.path.insert(0, str(ROOT / "docs" / "man"))
import command_help  # noqa: E402
import completion  # noqa: E402
import scdoc  # noqa: E402


def said_by(*words):
    return subprocess.run([TOUCHGATE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=True, timeout=60).stdout


def plain(roff):
    """What a page of man says, without how."""
    text = re.sub(r"\\f[BIRP]", "", roff).replace("\\-", "-").replace("\\&", "")
    return re.sub(r"\\[eE]", r"\\\\", text)


class Promises(unittest.TestCase):
    """What touchgate(1) says of every command."""

    def test_what_cannot_be_printed_is_no_success(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as policy:
            policy.write("policy: p\nrules: []\n")
            policy.flush()
            for words in (["--help"], ["--version"], ["metrics"], ["check", policy.name],
                          ["check", "--json", policy.name]):
                with self.subTest(words=words), open("/dev/full", "w") as full:
                    done = subprocess.run([TOUCHGATE, *words], stdin=subprocess.DEVNULL, stdout=full,
                                          stderr=subprocess.PIPE, text=True, check=False, timeout=60)
                    self.assertEqual(done.returncode, 74)
                    self.assertIn("standard output could not be written", done.stderr)

    def test_on_a_terminal_mistakes_are_coloured_unless_no_color_is_set(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as policy:
            policy.write("policy: p\nrulez: []\n")
            policy.flush()
            for unwanted, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
                outer, inner = pty.openpty()
                self.addCleanup(os.close, outer)
                subprocess.run([TOUCHGATE, "check", policy.name], stdin=subprocess.DEVNULL,
                               stdout=inner, env=unwanted, check=False, timeout=60)
                os.close(inner)
                self.assertEqual(b"\033[" in os.read(outer, 65536), coloured)


class Pages(unittest.TestCase):
    def page(self, name):
        path = MADE / name
        self.assertTrue(path.is_file(), f"{path} is not made: name it in docs/man/meson.build")
        return plain(path.read_text())

    def test_every_command_of_help_has_a_page_with_every_option(self):
        commands = re.findall(r"^  (\w+)  ", said_by("--help"), re.MULTILINE)
        self.assertGreater(len(commands), 5)
        for command in commands:
            page = self.page(f"touchgate-{command}.1")
            options = re.findall(r"(?<![\w-])--[a-z][\w-]*", said_by(command, "--usage"))
            self.assertIn("--help", options)
            for option in options:
                with self.subTest(command=command, option=option):
                    self.assertTrue(re.search(rf"(?m)^.*{option}\b", page))

    def test_the_first_page_names_every_command(self):
        page = self.page("touchgate.1")
        for name, summary in command_help.summaries(TOUCHGATE):
            self.assertIn(f"touchgate-{name}(1)", page)
            self.assertIn(summary, page)

    def test_every_page_that_is_referred_to_is_there(self):
        for path in sorted(MADE.glob("touchgate*.[157]")):
            text = plain(path.read_text()).partition(".SH SEE ALSO")[2]
            for name, section in re.findall(r"(touchgate[\w.-]*)\((\d)\)", text):
                self.assertTrue((MADE / f"{name}.{section}").is_file(), f"{path.name}: {name}")

    def test_the_policy_has_a_page_with_every_family(self):
        page = self.page("touchgate-policy.5")
        for family in ("cap", "gap", "retarget", "wait", "cooldown", "consent"):
            self.assertRegex(page, rf'\.SH {family.upper()}: ')

    @unittest.skipUnless(shutil.which("man"), "needs man")
    def test_no_page_makes_man_complain(self):
        for path in sorted(MADE.glob("touchgate*.[157]")):
            done = subprocess.run(["man", "--warnings", "-P", "cat", "-l", path], check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True, timeout=60,
                                  env={**os.environ, "MANWIDTH": "100"})
            self.assertEqual(done.stderr, "", path.name)


class Commands(unittest.TestCase):
    def told(self, word):
        done = subprocess.run([TOUCHGATE, word], stdin=subprocess.DEVNULL, check=False, timeout=60,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 64)
        return done.stderr

    def test_a_mistyped_command_is_guessed(self):
        self.assertIn('did you mean "replay"?', self.told("rplay"))
        self.assertNotIn("did you mean", self.told("qqqqqqqq"))


class Help(unittest.TestCase):
    TEXT = """\
Usage: touchgate try [OPTION...] FILE
Tries it.

  -c, --config=FILE          The configuration
      --much-longer-than-the-column=end|TIME
                             Where it ends
 Here:
      --fast                 No value
  -?, --help                 Give this help list

Mandatory or optional arguments to long options are also mandatory or optional for any.

Behind.
"""

    def test_options_are_read_with_values_groups_and_texts_on_the_next_line(self):
        command = command_help.read_help("try", "tries", self.TEXT)
        self.assertEqual(command.arguments, "FILE")
        self.assertEqual(command.before, "Tries it.")
        self.assertEqual(command.after, "Behind.")
        self.assertEqual(
            [(option.short, option.long, option.value, option.text, option.group)
             for option in command.options],
            [("-c", "--config", "FILE", "The configuration", ""),
             ("", "--much-longer-than-the-column", "end|TIME", "Where it ends", ""),
             ("", "--fast", "", "No value", "Here"),
             ("-?", "--help", "", "Give this help list", "")])

    def test_a_line_that_is_no_option_is_refused(self):
        with self.assertRaises(ValueError):
            command_help.read_help("try", "tries", self.TEXT.replace("  -c,", "-c,"))

    def test_words_are_told_from_variables(self):
        self.assertEqual(completion.words_of("end|TIME|SIGINT"), ["end", "SIGINT"])
        self.assertEqual(completion.words_of("TIME"), [])


class Markdown(unittest.TestCase):
    def test_what_means_something_to_scdoc_is_escaped(self):
        self.assertEqual(scdoc.inline("a_b *c* `d_e` [f](g.md)"), r"a\_b _c_ *d\_e* f")

    def test_a_table_is_a_list_of_terms(self):
        text = scdoc.markdown("| key | type | |\n|---|---|---|\n| `a` | text | b |\n")
        self.assertEqual(text.strip(), "*a*\n\ttype: text; b")

    def test_code_stays_as_it_is(self):
        self.assertIn("```\na_b:  *\n```", scdoc.markdown("```yaml\na_b:  *\n```\n"))
        text = "t(1)\n\n# N\n\n" + scdoc.markdown("    a \\\n    b\n")
        page = subprocess.run(["scdoc"], input=text, stdout=subprocess.PIPE, text=True,
                              check=True, timeout=60).stdout
        self.assertIn("a \\\\", page)

    def test_a_link_to_a_page_names_the_manual_page(self):
        self.assertEqual(scdoc.inline("[http.md](http.md)"), "touchgate-http(7)")

    def test_a_list_keeps_its_levels(self):
        text = scdoc.markdown("- one\n  and more\n  - two\n- three\n")
        self.assertEqual(text.strip().splitlines(), ["- one and more", "\t- two", "- three"])


_ASK = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_touchgate
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Bash(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("policy.yaml", "of yours.yml", "table.csv.gz", "notes.txt"):
            (self.folder / name).touch()
        (self.folder / "recording").mkdir()

    def complete(self, *words):
        done = subprocess.run(
            ["bash", "--norc", "-c", _ASK, "bash", MADE / "touchgate", "touchgate", *words],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, check=True, timeout=60)
        self.assertEqual(done.stderr, "")
        return sorted(done.stdout.split("\n")[:-1]) if done.stdout.strip() else []

    def test_the_command_itself_is_completed(self):
        told = subprocess.run(
            ["bash", "--norc", "-c", 'source "$1" && complete -p touchgate', "bash",
             MADE / "touchgate"], stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
        self.assertEqual(told.strip(), "complete -F _touchgate touchgate")

    def test_commands(self):
        self.assertEqual(self.complete("rep"), ["replay"])
        for name, _ in command_help.summaries(TOUCHGATE):
            self.assertIn(name, self.complete(""))

    def test_every_option_of_every_command(self):
        for command in command_help.read_commands(TOUCHGATE):
            offered = self.complete(command.name, "--")
            self.assertEqual(
                offered, sorted(option.long for option in command.options), command.name)

    def test_a_policy_is_a_yaml_file(self):
        names = ["of yours.yml", "policy.yaml", "recording"]
        for words in (["check", ""], ["check", "--running", ""], ["replay", "-p", ""],
                      ["run", "--config", "=", ""], ["run", "--config", "="]):
            self.assertEqual(self.complete(*words), names, words)

    def test_a_table_is_a_csv_file_and_a_recording_a_folder(self):
        self.assertEqual(self.complete("import", ""), ["recording", "table.csv.gz"])
        self.assertEqual(self.complete("replay", ""), ["recording"])
        self.assertEqual(self.complete("generate", "-o", "r"), ["recording"])

    def test_words_and_numbers(self):
        self.assertEqual(self.complete("generate", "--codec", "s"), ["snappy"])
        self.assertEqual(self.complete("run", "--shards", ""), [])


class OtherShells(unittest.TestCase):
    @unittest.skipUnless(shutil.which("zsh"), "needs zsh")
    def test_zsh_reads_its_own(self):
        subprocess.run(["zsh", "-n", MADE / "_touchgate"], check=True, timeout=60)

    @unittest.skipUnless(shutil.which("fish"), "needs fish")
    def test_fish_completes_options_and_files(self):
        def complete(line):
            told = subprocess.run(
                ["fish", "--no-config", "-c",
                 f"source {MADE / 'touchgate.fish'}; cd {ROOT / 'deploy'}; complete -C '{line}'"],
                stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
            return [offered.split("\t")[0] for offered in told.splitlines()]

        self.assertEqual(complete("touchgate replay --pol"), ["--policy"])
        self.assertIn("quickstart.yaml", complete("touchgate check quick"))
        self.assertEqual(complete("touchgate generate --codec sn"), ["snappy"])


if __name__ == "__main__":
    unittest.main()
