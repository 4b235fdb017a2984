#!/usr/bin/env python3
"""Check that the shared libraries export what the public headers declare, and nothing else.

usage: tools/check_exports.py BUILD_FOLDER
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DECLARATION = re.compile(r"\bCOVEY_API\b[^;{]*?\b(covey_\w+)\s*\(", re.DOTALL)


def declared(headers):
    names = set()
    for header in headers:
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
        text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
        names.update(DECLARATION.findall(text))
    return names


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", library], check=True, capture_output=True,
                         text=True).stdout
    return {line.split()[0].split("@")[0] for line in out.splitlines() if line.split()[1] in "TDBRVWi"}


def main():
    build = pathlib.Path(sys.argv[1])
    headers = set((ROOT / "include" / "covey").glob("*.h"))
    io_headers = {h for h in headers if h.name == "io.h"}
    status = 0
    for name, belonging in (("libcovey.so", headers - io_headers), ("libcovey-io.so", io_headers)):
        library = build / name
        if not library.exists():
            sys.exit(f"{library} has not been built")
        wanted, found = declared(belonging), exported(library)
        for symbol in sorted(wanted - found):
            print(f"{name}: {symbol} is declared in a public header but not exported")
        for symbol in sorted(found - wanted):
            print(f"{name}: {symbol} is exported but in no public header")
        status |= wanted != found
        if wanted == found:
            print(f"exports: {name} has the {len(found)} symbols of its headers")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
