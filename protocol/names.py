#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Writes names.hpp from the contract: every D-Bus name in one place, so that none is spelled by hand in C++.
# Usage: names.py CONTRACT.xml names.hpp contract_xml.hpp
# It also checks what the format cannot: every member documented, errors declared, statuses known.

import re
import sys
import xml.etree.ElementTree as ET

STATUS = "org.micguard.Status"
ERRORS = "org.micguard.Errors"


def fail(text):
    sys.exit(f"{sys.argv[1]}: {text}")


def lower_camel(name):
    return name[0].lower() + name[1:]


def annotation(element, name):
    for child in element.findall("annotation"):
        if child.get("name") == name:
            return child.get("value")
    return None


def documented(parent):
    """Yields the elements below parent that are not comments, each with the comment right before it."""
    comment = ""
    for child in parent:
        if child.tag is ET.Comment:
            comment = child.text.strip()
            continue
        yield child, comment
        comment = ""


def constant(name, value, remark=""):
    return f'inline constexpr char {name}[] = "{value}";{remark}'


def interface_lines(interface, space, *more):
    lines = [f"namespace {space} {{", constant("interface", interface.get("name")), *more]
    for kind in ("property", "method", "signal"):
        members = []
        for member, comment in documented(interface):
            if member.tag != kind:
                continue
            name = member.get("name")
            status = annotation(member, STATUS)
            if not comment.startswith(name + ":"):
                fail(f"{interface.get('name')}.{name} has no comment that begins with \"{name}:\"")
            if status not in (None, "planned"):
                fail(f"{name}: unknown status {status}")
            members.append(constant(lower_camel(name), name, " // planned" if status else ""))
        if members:
            lines += [f"namespace {kind} {{", *members, f"}} // namespace {kind}"]
    lines.append(f"}} // namespace {space}")
    return lines


def main():
    contract, header, text_header = sys.argv[1:]
    with open(contract, encoding="utf-8") as file:
        text = file.read()
    root = ET.fromstring(text, parser=ET.XMLParser(target=ET.TreeBuilder(insert_comments=True)))
    guard = root.find("interface")
    bus_name = guard.get("name")

    lines = [
        "// SPDX-License-Identifier: GPL-3.0-or-later",
        "//",
        f"// Made from {bus_name}.xml by names.py: do not edit. The names of the D-Bus contract.",
        "#pragma once",
        "",
        "namespace micguard::names {",
        "",
        constant("busName", bus_name),
        constant("rootPath", root.get("name")),
        "",
        *interface_lines(guard, "guard"),
    ]
    for node in root.findall("node"):
        # The folder's path goes by its objects' kind: names::application::folder is ".../apps".
        folder = re.fullmatch(r"(\w+)/N", node.get("name")).group(1)
        interface = node.find("interface")
        space = lower_camel(interface.get("name").rpartition(".")[2])
        path = constant("folder", f'{root.get("name")}/{folder}')
        lines += ["", *interface_lines(interface, space, path)]

    errors = (annotation(guard, ERRORS) or fail("no errors declared")).split()
    lines += [
        "",
        "// Without the prefix, as RequestError::name has them.",
        "namespace error {",
        constant("prefix", f"{bus_name}.Error."),
        *[constant(lower_camel(error), error) for error in errors],
        "} // namespace error",
        "",
        "} // namespace micguard::names",
        "",
    ]
    with open(header, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))

    with open(text_header, "w", encoding="utf-8") as file:
        file.write(
            "// SPDX-License-Identifier: GPL-3.0-or-later\n//\n"
            "// Made by names.py: do not edit. The contract's text, for tests that hold the daemon against it.\n"
            "#pragma once\n\nnamespace micguard {\n\ninline constexpr char contractXml[] = R\"contract("
            + text
            + ")contract\";\n\n} // namespace micguard\n"
        )


main()
