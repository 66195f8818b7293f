# SPDX-License-Identifier: Apache-2.0
"""Writes the schemas named on the command line as C arrays: embed.py OUTPUT.c SCHEMA.avsc ..."""
import pathlib
import sys

output, *schemas = sys.argv[1:]
names = [pathlib.Path(schema).stem for schema in schemas]
lines = ['#include "records/schemas.h"', ""]
for name, schema in zip(names, schemas):
    data = pathlib.Path(schema).read_bytes()
    lines.append(f"static const uint8_t {name}[] = {{")
    for i in range(0, len(data), 16):
        lines.append("        " + " ".join(f"{byte}," for byte in data[i : i + 16]))
    lines += ["};", ""]
lines.append("static const struct {\n        const char *name;\n        struct tg_span text;\n} schemas[TG_SCHEMAS] = {")
for name in names:
    lines.append(f'        [TG_SCHEMA_{name.upper()}] = {{"{name}", {{{name}, sizeof {name}}}}},')
lines += [
    "};",
    "",
    "const char *tg_shipped_name(enum tg_shipped schema)\n{\n        return schemas[schema].name;\n}",
    "",
    "struct tg_span tg_shipped_text(enum tg_shipped schema)\n{\n        return schemas[schema].text;\n}",
]
pathlib.Path(output).write_text("\n".join(lines) + "\n")
