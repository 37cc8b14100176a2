#!/usr/bin/env python3
"""Writes the manual pages: man.py HELP.json SCHEMA.json VERSION FOLDER

HELP.json is what `reprise --experimental-dump-help` prints, SCHEMA.json what `reprise schema` prints: the pages say
what the program that is installed says of itself. FOLDER gets reprise.1, one reprise-COMMAND.1 each and reprise.yaml.5.
"""
import json
import os
import re
import sys
import textwrap
import time

EXIT_CODES = [
    ("0", "All went well; for health: Reprise serves."),
    ("1", "The configuration has faults; for health: Reprise drains or does not answer; for load: no connection came to its "
     "end, or a command of --at failed."),
    ("2", "The system refused: a port in use, no permission, no room for the output."),
    ("3", "For load: an assertion failed."),
    ("64", "The command line is wrong."),
    ("143", "A second SIGTERM or SIGINT ended the server at once."),
]
EXAMPLE = """\
listeners:
  - name: web
    bind: ["0.0.0.0:443", "[::]:443"]
    tls:
      hosts:
        - names: ["example.test"]
          certificates: [{ chain: example.pem, key: example.key }]
    router: app

upstreams:
  - name: app
    servers: ["127.0.0.1:8080"]

admin: { bind: "127.0.0.1:9443" }
"""


def escaped(text):
    """Text that roff prints as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "")
    return text.replace("^", "\\(ha").replace("~", "\\(ti")


def line(text):
    """A line of its own: a full stop at its start would be a request."""
    text = escaped(text)
    return "\\&" + text if text.startswith(".") else text


def prose(text):
    """Lines that are filled again when they are shown; mandoc wants none over 80 bytes."""
    return "\n".join(line(part) for part in textwrap.wrap(text, 70, break_long_words=False, break_on_hyphens=False))


def bold(text):
    return "\\fB" + escaped(text) + "\\fR"


def italic(text):
    return "\\fI" + escaped(text) + "\\fR"


class Page:
    def __init__(self, name, section, version, title, what):
        day = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
        self.file = f"{name}.{section}"
        self.lines = [
            f'.TH "{escaped(name.upper())}" {section} {time.strftime("%Y-%m-%d", day)} "Reprise {version}" "{title}"',
            # Names of options and values are to be found by searching: they are not hyphenated.
            ".nh", ".SH NAME", f"{escaped(name)} \\-\n{escaped(what)}",
        ]

    def section(self, title, *lines):
        self.lines += [f".SH {title}", *lines]

    def tagged(self, tag, text):
        self.lines += [".TP", tag, prose(text)]

    def see(self, *pages):
        names = [f"{bold(name)}({section})" for name, section in pages if f"{name}.{section}" != self.file]
        self.section("SEE ALSO", ",\n".join(names))

    def write(self, folder):
        with open(os.path.join(folder, self.file), "w", encoding="utf-8") as file:
            file.write("\n".join(self.lines) + "\n")


def option(argument):
    """An option's spelling: -c, --config FILE."""
    if argument["kind"] == "positional":
        return italic(argument["valueName"].upper())
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    tag = ", ".join(bold(name) for name in names)
    if argument["kind"] == "option":
        tag += " " + italic(argument["valueName"].upper())
    return tag


def own_options(command):
    return [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]


def synopsis(words, command):
    parts = [bold(" ".join(words))]
    for argument in own_options(command):
        if argument["kind"] == "positional":
            text = italic(argument["valueName"].upper())
            parts.append(f"[{text}]" if argument["isOptional"] else text)
        if argument["kind"] != "option":
            continue
        name = argument["preferredName"]
        text = bold(("-" if name["kind"] == "short" else "--") + name["name"]) + " " + italic(argument["valueName"].upper())
        parts.append(f"[{text}]" if argument["isOptional"] else text)
    return " ".join(parts)


def add_options(page, command):
    page.section("OPTIONS")
    for argument in own_options(command):
        text = argument.get("abstract", "")
        if argument.get("defaultValue"):
            text += f" Default: {argument['defaultValue']}."
        page.tagged(option(argument), text)


def described(command):
    return [prose(text) for text in (command["abstract"], command.get("discussion", "")) if text]


def one_line(text):
    """What apropos lists: no full stop, no capital."""
    text = re.sub(r" \(.*\)", "", text).rstrip(".")
    return text[0].lower() + text[1:]


def command_pages(root, version):
    commands = [c for c in root["subcommands"] if c["commandName"] != "help" and c.get("shouldDisplay", True)]
    pages = [("reprise", 1)] + [(f"reprise-{c['commandName']}", 1) for c in commands] + [("reprise.yaml", 5)]

    main = Page("reprise", 1, version, "Reprise", root["abstract"].rstrip("."))
    main.section("SYNOPSIS", f"{bold('reprise')} {italic('COMMAND')} [{italic('OPTIONS')}]")
    main.section("DESCRIPTION", prose(
        "A reverse proxy that terminates TLS 1.2 and 1.3, relays the plaintext to servers, and resumes the sessions of "
        "clients that return. One file says everything, see"), f"{bold('reprise.yaml')}(5).")
    main.section("COMMANDS")
    for command in commands:
        main.tagged(f"{bold('reprise ' + command['commandName'])}", command["abstract"])
    add_options(main, root)
    main.section("EXIT STATUS")
    for code, text in EXIT_CODES:
        main.tagged(bold(code), text)
    main.section("SIGNALS")
    main.tagged(bold("SIGTERM") + ", " + bold("SIGINT"),
                "Drain: no new connections, open ones may finish until drain_timeout. A second one ends at once.")
    main.tagged(bold("SIGUSR1"), "Open the log's file anew, after a rotation.")
    main.tagged(bold("SIGHUP"), "Read the file again. A file with faults changes nothing, and the log says why.")
    main.see(*pages)
    yield main

    for command in commands:
        name = command["commandName"]
        page = Page(f"reprise-{name}", 1, version, "Reprise", one_line(command["abstract"]))
        page.section("SYNOPSIS", synopsis(["reprise", name], command))
        first, *rest = described(command)
        page.section("DESCRIPTION", first)
        for text in rest:
            page.lines += [".PP", text]
        add_options(page, command)
        page.see(*[p for p in pages if p[0] in ("reprise", "reprise.yaml")])
        yield page


def is_variable(schema):
    """Whether it is for ${NAME} alone, and no value of its own."""
    return schema.get("type") == "string" and schema.get("pattern", "").startswith("(^|[^$])")


def kind(schema):
    """What an option holds, in words."""
    if "anyOf" in schema:
        # Any value may be a variable, which the page says once.
        return " or ".join(kind(each) for each in schema["anyOf"] if not is_variable(each))
    if "enum" in schema:
        values = [value for value in schema["enum"] if isinstance(value, str)]
        return values[0] if len(values) == 1 else "one of " + ", ".join(values)
    pattern, types = schema.get("pattern", ""), schema.get("type", "")
    if isinstance(types, list):
        types = types[0]
    if "ms|s|m|h|d" in pattern:
        return "a duration, such as 20ms or 2h"
    if "KiB" in pattern:
        return "a size, such as 64KiB"
    if "/s" in pattern:
        return "a rate, such as 500/s"
    if types in ("integer", "number"):
        noun = "a whole number" if types == "integer" else "a number"
        low, high = schema.get("minimum"), schema.get("maximum")
        if low is not None and high is not None:
            return f"{noun} from {low} to {high}"
        return noun if low is None else f"{noun}, {low} or more"
    if types == "array":
        items = schema.get("items", {})
        return "list of " + " or ".join(
            "mappings" if each.get("type") == "object" else "texts" for each in items.get("anyOf", [items]))
    if pattern.startswith("^1"):
        return "a version of TLS, such as \"1.2\""
    return {"boolean": "true or false", "object": "mapping"}.get(str(types), "text")


def options(schema, path, required):
    """Every option: its path, its shape, and whether its mapping needs it."""
    for name, child in schema.get("properties", {}).items():
        here = path + name
        yield here, child, name in schema.get("required", [])
        yield from options(child, here + ".", required)
        if isinstance(child.get("items"), dict):
            variants = child["items"].get("anyOf", [child["items"]])
            for variant in variants:
                yield from options(variant, here + "[].", required)


def file_page(schema, version):
    page = Page("reprise.yaml", 5, version, "Reprise", "configuration of Reprise")
    page.section("DESCRIPTION", prose(
        "One YAML file, given to reprise serve with \"-c\". Durations carry a unit (20ms, 10s, 5m, 2h, 7d), and sizes "
        "may (64KiB, 10MB, 512). Paths are relative to the folder of the file. ${NAME} reads the environment, "
        "${NAME:-default} with a default, and $${ stands for ${. Unknown keys and keys that stand twice are faults."),
        ".PP", prose("reprise check tells all faults at once, each with its line; a reload with one changes nothing. "
            "Some options belong to features of later versions: reprise check says so where one is set."))
    page.section("EXAMPLE", ".nf", *[line(text) for text in EXAMPLE.splitlines()], ".fi")
    page.section("OPTIONS", line("A part of a path that ends in [] is each item of a list."))
    top = None
    for path, child, is_needed in options(schema, "", []):
        if path.split(".")[0].removesuffix("[]") != top:
            top = path.split(".")[0].removesuffix("[]")
            page.lines.append(f".SS {escaped(top)}")
        about = f"({kind(child)}"
        if "default" in child:
            default = child["default"]
            about += f"; default: {default if isinstance(default, str) else json.dumps(default)}"
        about += "; required)" if is_needed else ")"
        page.tagged(bold(path), child.get("description", ""))
        page.lines += [".br", prose(about)]
    page.see(("reprise", 1), ("reprise-check", 1), ("reprise-schema", 1), ("reprise-serve", 1))
    return page


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    help_file, schema_file, version, folder = sys.argv[1:]
    with open(help_file, encoding="utf-8") as file:
        root = json.load(file)["command"]
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    os.makedirs(folder, exist_ok=True)
    for page in command_pages(root, version):
        page.write(folder)
    file_page(schema, version).write(folder)


main()
