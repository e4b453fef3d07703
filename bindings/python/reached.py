#!/usr/bin/env python3
"""Fails if the tests of a language leave something out: reached.py SERVER-URL GENERATED... -- TESTS... < DOCUMENT

GENERATED are sources of the bindings of both SDKs in one language, TESTS the tests in that language, DOCUMENT is the
server's own, in OpenAPI. Looked for are

- each group of the provider's client, which the tests must ask for;
- each read of the mobile client and each step of signing in, which the tests must call;
- each other object that one makes oneself (a checker, a product of MoMo's), which the tests must name.

And the server, which has counted what it answered since the tests began, must have carried out an operation of each
group in its document. Exit status 1 if something is left out.
"""

import collections
import json
import pathlib
import re
import sys
import urllib.request

# What the clients by hand have in its place.
BY_HAND = {"transactionPages": "allTransactions", "paymentPages": "allPayments"}

# What one is given, and does not make.
GIVEN = re.compile(r"\w+(Group|Pager)|CancelToken|EventStream")


def text(paths):
    files = [file for path in map(pathlib.Path, paths) for file in ([path] if path.is_file() else path.rglob("*"))]
    return "\n".join(file.read_text() for file in files if file.suffix in {".kt", ".swift", ".py"})


def interfaces(source):
    """The names of the methods of each object."""
    declared = r"^(?:public )?(?:interface|protocol|class) (\w+)(?:Interface|Protocol)\b(?: \{|: AnyObject|\(typing)"
    found = {}
    ends = r"^(?:\w+ )*(?:class|struct|extension)\b"
    for block in re.finditer(rf"{declared}.*?(?={ends})", source, re.MULTILINE | re.DOTALL):
        methods = re.findall(r"^ +(?:async |suspend )?(?:fun|func|def) `?(\w+)`?\(", block[0], re.MULTILINE)
        found[block[1].removeprefix("Raw")] = set(methods) - {"cancelledBy", "cancelled_by"}
    return found


def left_out_by(tests, objects):
    for name, methods in objects.items():
        if name in ("ProviderClient", "MobileClient", "OAuthClient"):
            for method in methods:
                call = BY_HAND.get(method, method) if "allTransactions" in tests else method
                if not re.search(rf"\.{call}\(", tests):
                    yield f"{name}.{method}"
        elif not GIVEN.fullmatch(name) and not re.search(rf"^(?!import ).*\b{name}\b", tests, re.MULTILINE):
            yield name


def left_out_at(url, document):
    with urllib.request.urlopen(f"{url}/metrics") as metrics:
        counted = metrics.read().decode()
    done = set(re.findall(r'^florin_requests_total\{operation="(\w+)",code="10000"\} [1-9]', counted, re.MULTILINE))
    groups = collections.defaultdict(set)
    for methods in document["paths"].values():
        for operation in methods.values():
            # A second path of an operation has the operation's name with a number.
            groups[operation["tags"][0]].add(operation["operationId"].split("_")[0])
    assert len(groups) > 15, "the document does not say which groups there are"
    yield from (f"the operations of {name}" for name, names in groups.items() if not names & done)


def main(url, *paths):
    generated, tests = paths[: paths.index("--")], paths[paths.index("--") + 1 :]
    objects = interfaces(text(generated))
    groups = sum(name.endswith("Group") for name in objects)
    assert groups > 15 and len(objects["MobileClient"]) > 10, f"these are no bindings: {objects}"
    assert groups == len(objects["ProviderClient"]), "a group is not to be got from the client"
    left_out = [*left_out_by(text(tests), objects), *left_out_at(url, json.load(sys.stdin))]
    print("\n".join(f"no test reaches {what}" for what in sorted(left_out)) or f"all {groups} groups, all reads")
    sys.exit(1 if left_out else 0)


main(*sys.argv[1:])
