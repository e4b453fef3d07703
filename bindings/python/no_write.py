#!/usr/bin/env python3
"""Looks for what changes something in the mobile library: no_write.py LIBRARY GENERATED-FOLDER < OPENAPI-DOCUMENT

Exit status 1 and a list if anything is found.
"""

import json
import pathlib
import re
import sys

# What only a money operation sends.
HEADERS = ["idempotency-key"]


def main(library, generated):
    reads, writes = [], []
    for path, methods in json.load(sys.stdin)["paths"].items():
        for operation in methods.values():
            (writes if operation["x-florin-access"] == "write" else reads).append((operation["operationId"], path))
    assert len(writes) > 15 and len(reads) > 10, "the document does not say which operations write"

    names = {name.split("_")[0] for name, _ in writes}
    # A path that a read has, too, tells nothing.
    paths = {path.removeprefix("/api/v1") for _, path in writes} - {path.removeprefix("/api/v1") for _, path in reads}
    # Nor does one that begins a read's path, as texts in a library have no ends.
    paths = {path for path in paths if not any(path in read for _, read in reads)}
    # "Placeholder" is a word of many libraries, and holds the name of an operation.
    bytes_ = pathlib.Path(library).read_bytes().lower().replace(b"placeholder", b"")
    found = [f"{text!r} in {library}" for text in sorted(names | paths) + HEADERS if text.lower().encode() in bytes_]

    # A self-test: what the library must have is found in the same way.
    for text in ["GetWallet", "/wallet/list"]:
        assert text.lower().encode() in bytes_, f"{text} is not in {library}: is this the mobile library?"

    files = [file for file in pathlib.Path(generated).rglob("*") if file.suffix in {".py", ".kt", ".swift"}]
    assert files, f"nothing was generated in {generated}"
    snake = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in names}
    camel = {name[0].lower() + name[1:] for name in names}
    for file in files:
        text = file.read_text()
        for name in sorted(names | snake | camel):
            if re.search(rf"\b{name}\b", text):
                found.append(f"{name} in {file}")
    for line in found:
        print(f"the mobile library writes: {line}", file=sys.stderr)
    print(f"{len(names)} operations and {len(paths)} paths that write looked for in the mobile library")
    sys.exit(1 if found else 0)


main(*sys.argv[1:])
