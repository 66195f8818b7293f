# SPDX-License-Identifier: Apache-2.0
"""Text as scdoc wants it (scdoc(5)): plain text, what --help prints, and the Markdown of docs/."""

import re

# What pages of docs/ are called where they are manual pages.
_PAGES = {
    "configuration.md": "touchgate.yaml(5)", "http.md": "touchgate-http(7)",
    "import.md": "touchgate-mapping(5)", "metrics.md": "touchgate-metrics(7)",
    "operations.md": "touchgate-operations(7)", "policy/": "touchgate-policy(5)",
    "recording.md": "touchgate-recording(7)", "replay.md": "touchgate-replay(1)",
    "schemas.md": "touchgate-schemas(7)", "semantics.md": "touchgate-semantics(7)",
}

_INLINE = re.compile(r"``?([^`]+)``?|\*\*(.+?)\*\*|(?<!\w)\*([^*\s][^*]*)\*|\[([^\]]+)\]\([^)]*\)")


def escape(text):
    text = re.sub(r"([\\*_])", r"\\\1", text).replace("++", "+\\+")
    return re.sub(r"^([-#.;|\[\]+])", r"\\\1", text)


def bold(text):
    return f"*{escape(text)}*"


def inline(text):
    """A paragraph: `code` and **what matters** become bold, *words* underlined, links text."""
    done, at = [], 0
    for match in _INLINE.finditer(text):
        code, strong, emphasis, link = match.groups()
        done.append(escape(text[at:match.start()]))
        if link:
            done.append(inline(_PAGES.get(link, link)))
        elif emphasis:
            done.append(f"_{escape(emphasis)}_")
        else:
            done.append(bold(code or re.sub(r"[`*]", "", strong)))
        at = match.end()
    done.append(escape(text[at:]))
    return "".join(done)


def literal(lines, indent=""):
    """Lines as they stand, without what all are indented by."""
    width = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    # A backslash is one only as two, here too.
    return [indent + "```", *(indent + line[width:].replace("\\", "\\\\") for line in lines),
            indent + "```", ""]


def help_text(text):
    """What --help prints, one paragraph a line: indented lines stay as they are."""
    done = []
    for block in re.split(r"\n\s*\n", text):
        run = []
        for line in block.splitlines() + [""]:
            if line.startswith(" "):
                run.append(line)
                continue
            if run:
                done += literal(run)
                run = []
            if line:
                done += [inline(line), ""]
    return "\n".join(done)


def _cells(row):
    return [cell.strip().replace("\\|", "|")
            for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def _table(rows):
    """A term a row, since terminals are narrow: the first cell, and what the others say below."""
    header, done = _cells(rows[0]), []
    for row in rows[2:]:
        cells = _cells(row)
        said = [f"{name}: {cell}" if name else cell
                for name, cell in zip(header[1:], cells[1:]) if cell]
        done += [bold(re.sub(r"[`*]|\]\([^)]*\)|\[", "", cells[0])),
                 "\t" + inline("; ".join(said)), ""]
    return done


def _list(lines, depth=0):
    """Items begin with -, or a number; what is indented below one belongs to it."""
    done, indent = [], "\t" * depth
    while lines:
        mark = re.match(r"( *)(- |\d+\. )", lines[0])
        if not mark:
            raise ValueError(f"not a list: {lines[0]!r}")
        width, text, nested = len(mark.group()), [lines[0][mark.end():]], []
        lines = lines[1:]
        while lines and len(lines[0]) - len(lines[0].lstrip()) >= len(mark.group(1)) + 2:
            if nested or re.match(r" *(- |\d+\. )", lines[0]):
                nested.append(lines[0][min(width, len(lines[0]) - len(lines[0].lstrip())):])
            else:
                text.append(lines[0].strip())
            lines = lines[1:]
        dot = "- " if mark.group(2) == "- " else ". "
        done.append(indent + dot + inline(" ".join(text)))
        if nested:
            done += _list(nested, depth + 1)
    return done


def _blocks(text):
    """(kind, lines) of a Markdown text, in its order."""
    lines, kind, block = text.splitlines(), None, []

    def kind_of(line, before):
        if line.startswith("```"):
            return "fence"
        if line.startswith("#"):
            return "heading"
        if line.startswith("|"):
            return "table"
        if line.startswith("    ") and before in (None, "code"):
            return "code"
        if re.match(r"(- |\d+\. )", line) or (before == "list" and line.startswith(" ")):
            return "list"
        return "list" if before == "list" else "text"

    while lines:
        line = lines.pop(0)
        now = kind_of(line, kind) if line.strip() else None
        if now != kind or now == "heading":
            if block:
                yield kind, block
            kind, block = now, []
        if now == "fence":
            end = next(at for at, other in enumerate(lines) if other.startswith("```"))
            yield "code", lines[:end]
            lines, kind = lines[end + 1:], None
        elif now:
            block.append(line)
    if block:
        yield kind, block


def markdown(text, depth=0):
    """A page of docs/; the first heading is the caller's. DEPTH 1: headings are sub-headings."""
    done, first = [], True
    for kind, lines in _blocks(text):
        if kind == "heading":
            level = min(2, lines[0].count("#", 0, lines[0].index(" ")) - 1 + depth)
            name = re.sub(r"[`*]", "", lines[0].lstrip("# "))
            if not first:
                done += ["#" * level + " " + (name.upper() if level == 1 else name), ""]
            first = False
        elif kind == "table":
            done += _table(lines)
        elif kind == "code":
            done += literal(lines)
        elif kind == "list":
            done += [*_list(lines), ""]
        else:
            done += [inline(" ".join(line.strip() for line in lines)), ""]
    return "\n".join(done)
