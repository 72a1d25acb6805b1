# SPDX-License-Identifier: Apache-2.0
"""fields: a field of a configuration is read by a program, or its key says that it is not in effect.

The headers schema/config/*_config.h are copied with a mark on each field (the attribute
`deprecated`), and what includes them is compiled against the copies: the compiler names the fields
that are used. What the loader keeps for itself (places, the arena) may be read by nobody else. A key
whose `.later` begins with "it is shown" is read for that.
"""

import os
import re
import subprocess
import tempfile

STRUCT = re.compile(r"^(\t*)(?:struct|enum)\b ?(\w*) \{$")
ROW = re.compile(r"\{[ \t\n]*\.name = \"(\w+)\"(?:[^{}]|\{[^{}]*\})*\}")


def headers_of(lint):
    return [p for p in lint.headers() if re.fullmatch(r"schema/config/\w+_config\.h", p)]


def mark(lines):
    """The lines with a mark on each field, and {struct.field: line}."""
    fields, marked, stack = {}, [], []
    for number, line in enumerate(lines, 1):
        start = STRUCT.match(line)
        if start:
            stack.append((start[2], "enum" in line))
        elif stack and line.lstrip("\t").startswith("}"):
            stack.pop()
        elif stack and not stack[-1][1] and re.match(r"\t+[a-z]", line) and ";" in line:
            declared, rest = line.split(";", 1)
            owner = next((name for name, _ in stack if name), "")
            is_of_loader = re.search(r"struct (config_pos|config_files|arena)\b", declared)

            def one(match):
                name = f"{owner}.{match[1]}"
                if not is_of_loader:
                    fields[name] = number
                return f'{match[0]} __attribute__((deprecated("field {name}")))'

            kept, last = declared.rsplit("}", 1) if "}" in declared else (None, declared)
            line = re.sub(r"\b(\w+)(?:\[\w+\])?(?=\s*(?:,|$))", one, last) + ";" + rest
            line = line if kept is None else kept + "}" + line
        marked.append(line)
    return marked, fields


def rows_of(text):
    """(table, row, struct, field, count field) of each row; field None = it fills none."""
    macros = dict(re.findall(r"^#define (\w+)\(member\)\s+KEY_FIELD\(struct (\w+), member\)", text,
                             re.M))
    for name, body in re.findall(  # of several rows
            r"^#define (\w+)[ \\\n\t]+((?:.*\\\n)*.*KEY_\w+\([^()]*\))$", text, re.M):
        text = re.sub(rf"\b{name},", body.replace("\\\n", " ") + ",", text)
    for table in re.finditer(r"struct key (\w+)\[\] = \{\n(.*?)^\};", text, re.M | re.S):
        for row in ROW.finditer(table[2]):
            direct = re.search(r"KEY_(?:FIELD|ENTRIES)\(struct (\w+), ([\w.]+)(?:, ([\w.]+))?\)",
                               row[0])
            short = next((m for m in re.finditer(r"\b([A-Z]+)\(([\w.]+)\)", row[0])
                          if m[1] in macros), None)
            if direct:
                yield table[1], row[0], *direct.groups()
            else:
                yield table[1], row[0], short and macros[short[1]], short and short[2], None


def later_of(lint):
    """Of the fields that keys fill: {struct.field: is it not in effect}, their counts, presences,
    and those that are shown before they are in effect. A key is not in effect if its row, or the
    row around its table, says `.later`."""
    rows = [row for path in lint.c_files() if re.fullmatch(r"schema/config/keys_\w+\.c", path)
            for row in rows_of("\n".join(lint.lines[path]))]
    around = {}
    for table, row, *_ in rows:
        inner = re.search(r"\.of = (\w+)", row)
        if inner:
            around.setdefault(inner[1], []).append((table, row))

    def is_later(table, row, depth=0):
        return ".later" in row or (depth < 8 and bool(around.get(table)) and all(
            is_later(*outer, depth + 1) for outer in around[table]))

    later, counts, presences, shown = {}, {}, set(), set()
    for table, row, struct, field, count in rows:
        presences |= {".".join(p) for p in re.findall(r"KEY_PRESENCE\(struct (\w+), (\w+)\)", row)}
        if not field:
            continue
        name = f"{struct}.{field.split('.')[-1]}"
        later[name] = later.get(name, True) and is_later(table, row)
        if '.later = "it is shown' in row:
            shown.add(name)
        if count:
            counts[f"{struct}.{count.split('.')[-1]}"] = name
    return later, counts, presences, shown


def users_of(lint, headers):
    """The .c files of programs that include one of the headers, however far away."""
    to = {path: re.findall(r'^#include "([^"]+)"', "\n".join(lines), re.M)
          for path, lines in lint.lines.items() if path.endswith((".c", ".h"))}

    def reaches(path, seen):
        if path in headers:
            return True
        seen.add(path)
        return any(reaches(p, seen) for p in to.get(path, ()) if p not in seen)

    return [p for p in to if p.endswith(".c")
            and not p.startswith(("tests/", "schema/config/")) and reaches(p, set())]


def used_by(command, build, top, path):
    out = subprocess.run(command + [os.path.join(top, path)], cwd=build, capture_output=True,
                         text=True).stderr
    return set(re.findall(r"deprecated: field ([\w.]+)", out))


def check(lint, pool, build, top, command):
    headers = headers_of(lint)
    if not headers:
        return
    fields, used, places = {}, set(), {}
    with tempfile.TemporaryDirectory(prefix="lint-fields-") as copies:
        os.makedirs(copies + "/schema/config")
        for path in headers:
            marked, found = mark(lint.lines[path])
            fields.update(found)
            places.update({name: (path, line) for name, line in found.items()})
            with open(os.path.join(copies, path), "w", encoding="utf-8") as file:
                file.write("\n".join(marked))
        quiet = [c for c in command[1:] if not c.startswith("-W")]
        base = [command[0], "-I" + copies, *quiet, "-Wdeprecated-declarations"]
        for found in pool.map(lambda p: used_by(base, build, top, p), users_of(lint, headers)):
            used |= found
    later, counts, presences, shown = later_of(lint)
    for name in fields:
        is_later = later.get(counts.get(name, name), False)
        if name in presences:  # for `config show`
            continue
        if name not in used and not is_later:
            lint.find(*places[name], f"{name}: no program reads it: delete it, or `.later` in the "
                      "row of its key says what happens instead")
        if name in used and is_later and name not in counts and name not in shown:
            lint.find(*places[name], f"{name}: is read, but its key is `.later`")
