# SPDX-License-Identifier: Apache-2.0
"""Writes one manual page, in scdoc's language, to standard output.

    pages.py main TOUCHGATE TEMPLATE                 touchgate(1)
    pages.py command TOUCHGATE NAME                  touchgate-NAME(1), of what --help says
    pages.py document NAME SECTION SUMMARY FILE...   of pages of docs/
"""

import pathlib
import re
import sys

import command_help
import scdoc

# Where a paragraph of --help that begins like this goes; all others are the description.
_SECTIONS = {"Example": "EXAMPLES", "Exit ": "EXIT STATUS"}
_SEE_ALSO = ["touchgate(1)", "touchgate-policy(5)", "touchgate-semantics(7)",
             "touchgate-operations(7)"]
_SEE_FIRST = {
    "touchgate-run": ["touchgate.yaml(5)", "touchgate-http(7)", "touchgate-metrics(7)",
                      "touchgate-schemas(7)"],
    "touchgate-import": ["touchgate-mapping(5)", "touchgate-replay(1)"],
    "touchgate-generate": ["touchgate-replay(1)"],
    "touchgate-record": ["touchgate-recording(7)", "touchgate-replay(1)", "touchgate.yaml(5)"],
    "touchgate-rejected": ["touchgate-recording(7)", "touchgate.yaml(5)"],
    "touchgate-replay": ["touchgate-recording(7)"],
    "touchgate-check": ["touchgate.yaml(5)"],
    "touchgate-settings": ["touchgate.yaml(5)"],
}


def _section(paragraph):
    return next((name for start, name in _SECTIONS.items() if paragraph.startswith(start)),
                "DESCRIPTION")


def sections_of(text):
    """What stands below the options, by the section that it belongs to."""
    sections = {"DESCRIPTION": [], "EXAMPLES": [], "EXIT STATUS": []}
    for paragraph in re.split(r"\n\n(?=\S)", text):
        name = _section(paragraph)
        if name == "EXAMPLES":
            paragraph = paragraph.partition(":")[2].strip("\n")
        elif name == "EXIT STATUS":
            paragraph = re.sub(r"^Exit status: *", "", paragraph)
        sections[name].append(paragraph)
    return {name: scdoc.help_text("\n\n".join(said)) for name, said in sections.items() if said}


def option_lines(options):
    done, group = [], ""
    for option in options:
        if option.group != group:
            group = option.group
            done += [f"## {group or 'Help'}", ""]
        value = f" _{scdoc.escape(option.value)}_" if option.value else ""
        names = ", ".join(scdoc.bold(name) for name in (option.short, option.long) if name)
        done += [names + value, "\t" + scdoc.inline(option.text), ""]
    return "\n".join(done)


def _header(name, section):
    return [f'{name}({section}) "" "touchgate"', ""]


def _see_also(name):
    others = ", ".join(page for page in _SEE_FIRST.get(name, []) + _SEE_ALSO
                       if not page.startswith(name + "("))
    return ["# SEE ALSO", "", re.sub(r"([\w.-]+)(\(\d\))", r"*\1*\2", others), ""]


def command_page(command):
    name = f"touchgate-{command.name}"
    said = sections_of(command.after)
    lines = [*_header(name, 1), "# NAME", "", f"{name} - {scdoc.escape(command.summary)}", "",
             "# SYNOPSIS", ""]
    for usage in command.usage:
        words = usage.split(" ", 2)
        lines += [f"{scdoc.bold(' '.join(words[:2]))} {scdoc.escape(words[2])}", ""]
    lines += ["# DESCRIPTION", "", scdoc.help_text(command.before), said.get("DESCRIPTION", ""),
              "# OPTIONS", "", option_lines(command.options)]
    for section in ("EXIT STATUS", "EXAMPLES"):
        if section in said:
            lines += [f"# {section}", "", said[section]]
    return "\n".join(lines + _see_also(name))


def main_page(touchgate, template):
    done = []
    for name, summary in command_help.summaries(touchgate):
        done += [f"*touchgate-{name}*(1)", "\t" + scdoc.inline(summary), ""]
    return pathlib.Path(template).read_text().replace("@COMMANDS@\n", "\n".join(done))


def document_page(name, section, summary, *files):
    texts = [pathlib.Path(file).read_text() for file in files]
    lines = [*_header(name, section), "# NAME", "", f"{name} - {scdoc.escape(summary)}", "",
             "# DESCRIPTION", "", scdoc.markdown(texts[0])]
    for text in texts[1:]:
        heading = scdoc.escape(re.match(r"# (.*)", text).group(1))
        lines += [f"# {heading.upper()}", "", scdoc.markdown(text, depth=1)]
    return "\n".join(lines + _see_also(name))


def main(kind, *words):
    if kind == "main":
        page = main_page(*words)
    elif kind == "command":
        touchgate, name = words
        page = command_page(command_help.read_command(touchgate, name))
    else:
        page = document_page(*words)
    # Two empty lines in a row are one too many for scdoc.
    print(re.sub(r"\n{3,}", "\n\n", page).rstrip("\n"))


if __name__ == "__main__":
    main(*sys.argv[1:])
