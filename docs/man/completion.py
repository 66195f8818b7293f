# SPDX-License-Identifier: Apache-2.0
"""Writes completion for a shell to standard output, made of what --help says.

    completion.py bash|zsh|fish TOUCHGATE

What completes an option is told by the name of its value: FILE and POLICY are YAML files, DIR and
RECORDING folders, `null|deflate|snappy` these words. Other names (N, TIME) complete to nothing.
"""

import sys

import command_help

_YAML = ["*.yaml", "*.yml"]
# By the name of a value: patterns of files, or None for folders.
_FILES = {
    "FILE": _YAML, "POLICY": _YAML, "SCENARIO": _YAML, "TABLE": ["*.csv", "*.csv.gz"],
    "DIR": None, "RECORDING": None,
}


def words_of(value):
    """The words among "null|deflate|snappy" or "end|TIME|SIGINT": what is no variable."""
    parts = value.split("|")
    if len(parts) == 1:
        return []
    return [part for part in parts if part.lower() == part or part.startswith("SIG")]


def kind_of(value):
    """("files", patterns), ("folders", None), ("words", words) or ("nothing", None)."""
    value = value.removesuffix("...")
    if value in _FILES:
        return ("files", _FILES[value]) if _FILES[value] else ("folders", None)
    return ("words", words_of(value)) if words_of(value) else ("nothing", None)


def names_of(option):
    """Without `-?`, which shells take for a pattern."""
    return [name for name in (option.short, option.long) if name and name != "-?"]


# ---- bash

_BASH = """\
# bash completion for touchgate; made of what `touchgate COMMAND --help` says.

# Files and folders that begin with $1; of the files those that a pattern behind it fits.
_touchgate_files()
{
        local start=$1 pattern name
        shift
        compopt -o filenames 2>/dev/null
        while IFS= read -r name; do
                COMPREPLY+=("$name")
        done < <(compgen -d -- "$start"
                for pattern in "$@"; do
                        compgen -f -X "!$pattern" -- "$start"
                done)
}

_touchgate()
{
        local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} option=
        COMPREPLY=()
        if ((COMP_CWORD == 1)); then
                COMPREPLY=($(compgen -W '@COMMANDS@ --help --version' -- "$word"))
                return
        fi
        # `--config=x` comes as three words.
        if [[ $word == = ]]; then
                option=${COMP_WORDS[COMP_CWORD - 1]} word=
        elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
                option=${COMP_WORDS[COMP_CWORD - 2]}
        else
                option=${COMP_WORDS[COMP_CWORD - 1]}
        fi
        case $command,$option in
@VALUES@        esac
        if [[ $word == -* ]]; then
                case $command in
@OPTIONS@                esac
                return
        fi
        case $command in
@ARGUMENTS@        esac
}

complete -F _touchgate touchgate
"""


def _bash_reply(value):
    kind, known = kind_of(value)
    if kind == "files":
        return '_touchgate_files "$word" ' + " ".join(f"'{pattern}'" for pattern in known)
    if kind == "folders":
        return '_touchgate_files "$word"'
    if kind == "words":
        return f"""COMPREPLY=($(compgen -W '{" ".join(known)}' -- "$word"))"""
    return ":"


def bash(commands):
    values = options = arguments = ""
    for command in commands:
        alike = {}  # which options are completed by the same words
        for option in command.options:
            if option.value:
                patterns = [f"{command.name},{name}" for name in names_of(option)]
                alike.setdefault(_bash_reply(option.value), []).extend(patterns)
        for reply, patterns in alike.items():
            values += f"        {' | '.join(patterns)})\n                {reply}\n" \
                      "                return ;;\n"
        names = " ".join(name for option in command.options for name in names_of(option))
        options += (f"                {command.name}) "
                    f"""COMPREPLY=($(compgen -W '{names}' -- "$word")) ;;\n""")
        if command.arguments:
            arguments += f"        {command.name}) {_bash_reply(command.arguments)} ;;\n"
    return (_BASH.replace("@COMMANDS@", " ".join(command.name for command in commands))
            .replace("@VALUES@", values).replace("@OPTIONS@", options)
            .replace("@ARGUMENTS@", arguments))


# ---- zsh

_ZSH = """\
#compdef touchgate
# zsh completion for touchgate; made of what `touchgate COMMAND --help` says.

_touchgate()
{
        local -a commands
        commands=(
@COMMANDS@        )
        if ((CURRENT == 2)); then
                _describe command commands
                return
        fi
        local command=$words[2]
        shift words
        ((CURRENT--))
        case $command in
@CASES@        esac
}

_touchgate "$@"
"""


def _zsh_quoted(text):
    for character in "\\[]:":
        text = text.replace(character, "\\" + character)
    return text.replace("'", "'\\''")


def _zsh_action(value):
    kind, known = kind_of(value)
    name = _zsh_quoted(value.removesuffix("..."))
    if kind == "files":
        endings = "|".join(pattern.removeprefix("*.") for pattern in known)
        return f':{name}:_files -g "*.({endings})(-.)"'
    if kind == "folders":
        return f":{name}:_files -/"
    return f":{name}:({' '.join(known)})" if kind == "words" else f":{name}: "


def _zsh_specs(command):
    for option in command.options:
        value = _zsh_action(option.value) if option.value else ""
        others = " ".join(names_of(option))
        for name in names_of(option):
            form = ("=" if name.startswith("--") else "+") if option.value else ""
            yield f"({others}){name}{form}[{_zsh_quoted(option.text)}]{value}"
    if command.arguments:
        many = "*" if command.arguments.endswith("...") else "1"
        yield many + _zsh_action(command.arguments)


def zsh(commands):
    described = cases = ""
    for command in commands:
        described += f"                '{command.name}:{_zsh_quoted(command.summary)}'\n"
        specs = " \\\n".join(f"                        '{spec}'" for spec in _zsh_specs(command))
        cases += f"        {command.name})\n                _arguments -s \\\n{specs}\n" \
                 "                ;;\n"
    return _ZSH.replace("@COMMANDS@", described).replace("@CASES@", cases)


# ---- fish

def _fish_quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_values(value):
    kind, known = kind_of(value)
    if kind == "files":
        endings = " ".join(pattern.removeprefix("*") for pattern in known)
        return f"-a '(__fish_complete_suffix {endings})'"
    if kind == "folders":
        return "-a '(__fish_complete_directories)'"
    return f"-a '{' '.join(known)}'" if kind == "words" else ""


def fish(commands):
    lines = ["# fish completion for touchgate; made of what `touchgate COMMAND --help` says.", "",
             "complete -c touchgate -f"]
    for command in commands:
        lines.append(f"complete -c touchgate -n __fish_use_subcommand -a {command.name} "
                     f"-d {_fish_quoted(command.summary)}")
    for command in commands:
        start = f"complete -c touchgate -n '__fish_seen_subcommand_from {command.name}'"
        for option in command.options:
            names = " ".join(("-l " if name.startswith("--") else "-s ") + name.lstrip("-")
                             for name in names_of(option))
            value = f" -x {_fish_values(option.value)}".rstrip() if option.value else ""
            lines.append(f"{start} {names}{value} -d {_fish_quoted(option.text)}")
        if command.arguments:
            lines.append(f"{start} {_fish_values(command.arguments)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}
    print(SHELLS[sys.argv[1]](command_help.read_commands(sys.argv[2])), end="")
