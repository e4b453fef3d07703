#!/usr/bin/env python3
"""Does to generated bindings what no setting of uniffi 0.32 can: polish.py LANGUAGE FROM TO

Writes TO only if it changes, so that nothing is compiled again in vain.

- Kotlin: `object Paid : PaymentStatus()` becomes a `data object`, which prints as `Paid`. And one expression is mended
  that would not compile. And the thread that says that a call can go on stays known to the virtual machine: to make it
  known, and forget it, with each call took longer than the call.
- Swift: cases of errors begin with a small letter, and errors print as the sentence that the SDK has for them.
- All: an argument that may be absent is absent by default. (uniffi reads `default(..)` only in an attribute of its own,
  not in a `cfg_attr`.)
- All: a record prints without what is secret in it, as in Rust.
- Kotlin, Swift: what is Rust in a doc comment (paths, links, examples) becomes the language's own names, or goes.

A rule that finds nothing in a file that it is made for is an error: then uniffi's output has changed, and so must this.
"""

import pathlib
import re
import sys


def replaced(pattern, by, text, flags=re.MULTILINE):
    text, count = re.subn(pattern, by, text, flags=flags)
    if count == 0:
        sys.exit(f"polish.py: nothing to polish for {pattern!r}: uniffi's output has changed")
    return text


def has_client(text):
    return re.search(r"\bclass \w+Client\b", text)


def camel(name):
    return re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), name)


def small(name):
    return name[0].lower() + name[1:]


SECRET = re.compile(r"(?:florin_core\.)?Secret(Object)?")


def records(pattern, fields, text, write):
    """Each record that holds a secret, and how it prints: `write` gets the record, its name and its fields."""

    def record(match):
        found = re.findall(fields, match[0], re.MULTILINE)
        return write(match, found) if any(SECRET.fullmatch(kind) for _, kind, _ in found) else match[0]

    return re.sub(pattern, record, text, flags=re.MULTILINE | re.DOTALL)


def kotlin_record(match, fields):
    def shown(name, kind, absent):
        if not SECRET.fullmatch(kind):
            return f"{name}=${{`{name}`}}"
        return f'{name}=${{`{name}`?.let {{ "***" }}}}' if absent else f"{name}=***"

    printed = ", ".join(shown(*field) for field in fields)
    printer = f'    override fun toString() = "{match[1]}({printed})"\n\n'
    return match[0].removesuffix("    companion object") + printer + "    companion object"


def swift_record(match, fields):
    def shown(name, kind, absent):
        if not SECRET.fullmatch(kind):
            return f"{name}: \\(String(describing: {name}))"
        return f'{name}: \\({name} == nil ? "nil" : "***")' if absent else f"{name}: ***"

    assert "description" not in {name for name, _, _ in fields}, match[1]
    printed = ", ".join(shown(*field) for field in fields)
    return f"""{match[0]}

extension {match[1]}: CustomStringConvertible, CustomDebugStringConvertible {{
    public var description: String {{ "{match[1]}({printed})" }}
    public var debugDescription: String {{ description }}
}}"""


def python_record(match, fields):
    text = match[0]
    for name in [name for name, kind, _ in fields if SECRET.fullmatch(kind)]:
        text = re.sub(rf"(\.format\(.*?\bself\.{name})\b", r'\1 and "***"', text)
    return text


def doc_comments(text, rename):
    """Names in doc comments as the language has them; examples in Rust left out."""

    def name(match):
        code = match[1]
        if re.fullmatch(r"\w+(::\w+)*", code):
            parts = [part for part in code.split("::") if part not in ("Self", "crate")]
            keep = 2 if len(parts) > 1 and parts[-2][0].isupper() else 1
            code = ".".join(rename(parts[-keep:]))
        return f"`{code}`"

    def comment(match):
        body = re.sub(r"\n *\* ?```\n.*?\n *\* ?```(?=\n)(\n *\*(?=\n))?", "", match[0], flags=re.DOTALL)
        body = re.sub(r"(\n *\*)+(?=\n *\*/)", "", body)
        body = re.sub(r"\[(`[^`]+`)\](\([^)]*\))?", r"\1", body)
        # What stands under "Source:" is a file's or the wire's name.
        return re.sub(r"(?m)^.*Source:.*$|`([^`\n]+)`", lambda m: name(m) if m[1] else m[0], body)

    return re.sub(r"/\*\*.*?\*/", comment, text, flags=re.DOTALL)


def kotlin(text):
    if "sealed class PaymentStatus" in text:
        text = replaced(r"^( +)object (\w+) : (\w+)\(\)$", r"\1data object \2 : \3()", text)

    def function(match):
        return re.sub(r"(\?)(?=[,)])", r"\1 = null", match[0])

    record = r"^data class (\w+) \(\n.*?^    companion object"
    text = records(record, r"^    val `(\w+)`: ([\w.<>, ]+?)(\?)?(?: = .*)?$", text, kotlin_record)

    # Where it overrides, it inherits the default.
    if has_client(text):
        text = replaced(r"^    (?:suspend )?fun `\w+`\(.*\?\).*$", function, text)

    if "uniffiRustFutureContinuationCallbackImpl" in text:
        stays = """
    init {
        // A daemon, which stays attached until it ends.
        Native.setCallbackThreadInitializer(this, com.sun.jna.CallbackThreadInitializer(true, false))
    }
"""
        text = replaced(r"^internal object uniffiRustFutureContinuationCallbackImpl: .*{$", rf"\g<0>{stays}", text)

    if "TokenSource" in text:
        # What an app's own code returns is lowered with the buffer of the wrong package; its converter is this one.
        secret = r"\bFfiConverterTypeSecret\.lower\(returnValue\)"
        text = replaced(secret, "FfiConverterString.lower(returnValue)", text)

    def rename(parts):
        if parts[0] == "FlorinError":
            return ["FlorinException", *parts[1:]]
        return [camel(part) if part[0].islower() else part for part in parts]

    return doc_comments(text, rename)


def swift(text):
    def error(match):
        block = match[0].replace("Foundation.LocalizedError", "Foundation.LocalizedError, CustomStringConvertible", 1)
        return re.sub(r"^(    case )([A-Z]\w*)", lambda m: m[1] + small(m[2]), block, flags=re.MULTILINE)

    for name in re.findall(r"^enum (\w+): Swift\.Error", text, re.MULTILINE):
        block = rf"^enum {name}: Swift\.Error.*?^}}$"
        cases = re.findall(r"^    case ([A-Z]\w*)", re.search(block, text, re.MULTILINE | re.DOTALL)[0], re.MULTILINE)
        assert cases, name
        text = replaced(block, error, text, re.MULTILINE | re.DOTALL)
        converter = rf"^public struct FfiConverterType{name}: .*?^}}$"
        either = "|".join(cases)
        text = replaced(
            converter,
            lambda m: re.sub(rf"(?<=\.)({either})\b", lambda c: small(c[1]), m[0]),
            text,
            re.MULTILINE | re.DOTALL,
        )

    def function(match):
        return re.sub(r"(\?)(?=[,)])", r"\1 = nil", match[0])

    text = records(r"^public struct (\w+): .*?^}$", r"^    public let (\w+): ([^?\n]+)(\?)?$", text, swift_record)

    if has_client(text):
        text = replaced(r"^open func \w+\(.*\?\).*$", function, text)

    def rename(parts):
        if parts[0] == "FlorinError":
            return ["FlorinError", *map(small, parts[1:])]
        return [camel(part) if part[0].islower() else part for part in parts]

    return doc_comments(text, rename)


def python(text):
    def function(match):
        return re.sub(r"(typing\.Optional\[[\w.]+\])(?=[,)])", r"\1 = None", match[0])

    record = r"^class (\w+):\n(?:(?!^class ).)*?^    def __str__\(self\):\n.*?$"
    text = records(record, r"\b(\w+):(?:typing\.Optional\[)?([\w.]+)(\])?", text, python_record)
    return re.sub(r"^    (?:async )?def (?!_)\w+\(self, .*typing\.Optional.*$", function, text, flags=re.MULTILINE)


def main():
    language, source, target = sys.argv[1:]
    polish = {"kotlin": kotlin, "swift": swift, "python": python}[language]
    text = polish(pathlib.Path(source).read_text())
    target = pathlib.Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.read_text() != text:
        target.write_text(text)


main()
