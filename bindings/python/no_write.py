#!/usr/bin/env python3
"""Looks for what changes something in a library and its interface: no_write.py LIBRARY SOURCE... < OPENAPI-DOCUMENT

LIBRARY is the native one; SOURCE is a file or folder of Kotlin, Swift or Python. The document is the server's own and
says which operations write. Looked for are

- in the library's bytes, as texts there have no ends: names and paths of these operations, names of their answers, and
  the header that only money operations send;
- in the sources: the same names anywhere, also as a method would be called, and types of the answers' names.

Prints what it found; exit status 1 if that is anything.
"""

import json
import pathlib
import re
import sys

HEADER = "idempotency-key"


def answers(operation, schemas):
    """The names of all types that are in an answer of the operation."""
    found, todo = set(), [operation["responses"]]
    while todo:
        for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(todo.pop())):
            if name not in found:
                found.add(name)
                todo.append(schemas[name])
    return found


def main(library, *sources):
    document = json.load(sys.stdin)
    names, paths, models = ({access: set() for access in ("read", "write")} for _ in range(3))
    for path, methods in document["paths"].items():
        for operation in methods.values():
            access = operation["x-florin-access"]
            # A second path of an operation has the operation's name with a number.
            names[access].add(operation["operationId"].split("_")[0])
            paths[access].add(path.removeprefix("/api/v1"))
            models[access] |= answers(operation, document["components"]["schemas"])
    assert len(names["write"]) > 15 and len(names["read"]) > 10, "the document does not say which operations write"

    # A path that a read has, too, or that begins a read's path, tells nothing.
    telling = {path for path in paths["write"] if not any(read.startswith(path) for read in paths["read"])}
    answered = models["write"] - models["read"]
    # One plain word can be anywhere.
    composed = {name for name in answered if re.search(r".[A-Z]", name)}

    # "Placeholder" is a word of many libraries, and holds the name of an operation.
    content = pathlib.Path(library).read_bytes().lower().replace(b"placeholder", b"")
    for text in ["GetWallet", "/wallet/list"]:
        assert text.lower().encode() in content, f"{text} is not in {library} either: is this a library of ours?"
    texts = sorted(names["write"] | telling | composed) + [HEADER]
    found = [f"{text} in {library}" for text in texts if text.lower().encode() in content]

    files = []
    for source in map(pathlib.Path, sources):
        here = [source] if source.is_file() else [*source.rglob("*")]
        here = [file for file in here if file.suffix in {".kt", ".swift", ".py"}]
        assert here, f"there is no source in {source}"
        files += here
    calls = {name[0].lower() + name[1:] for name in names["write"]}
    calls |= {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in names["write"]}
    anywhere = re.compile(rf"\b({'|'.join(sorted(names['write'] | composed | calls))})\b")
    declared = re.compile(rf"^[a-z ]*\b(?:class|struct|enum|typealias) ({'|'.join(sorted(answered))})\b", re.MULTILINE)
    for file in files:
        text = file.read_text()
        found += [f"{name} in {file}" for name in sorted({*anywhere.findall(text), *declared.findall(text)})]

    print("\n".join(found[:20] + [f"… and {len(found) - 20} more"] * (len(found) > 20)) or "nothing that writes")
    looked = len(names["write"]) + len(answered)
    print(f"(looked for {len(texts)} texts in {library}, and {looked} names in {len(files)} files)")
    sys.exit(1 if found else 0)


main(*sys.argv[1:])
