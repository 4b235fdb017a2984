#!/usr/bin/env python3
"""Check that includes point only downwards (docs/architecture.md, "Layers").

cli and io see the public headers and their own folder.  Inside src, a folder sees itself, the folders below it and the
public headers; siblings do not see each other.  Kernel bodies see kernels alone, so that no function built with wide
instructions can be shared with common code.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Folders of src from the top; a row's folders are siblings.
LAYERS = [["api"], ["fit", "metrics", "select"], ["model"], ["seed", "assign"], ["update"], ["data"], ["kernels"], ["base"]]
RANK = {folder: rank for rank, row in enumerate(LAYERS) for folder in row}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def layer_of(path):
    """The layer that a file belongs to: public, io, cli, or a folder of src."""
    parts = path.relative_to(ROOT).parts
    return {"include": "public", "io": "io", "cli": "cli"}.get(parts[0]) or parts[1]


def find(including, name):
    """The file that an include line names: beside the including file, else in src, include or the root."""
    for base in (including.parent, ROOT / "src", ROOT / "include", ROOT):
        path = (base / name).resolve()
        if path.is_file() and ROOT in path.parents:
            return path
    return None


def allowed(source, target):
    if source == target or target == "public":
        return True
    return source in RANK and target in RANK and RANK[source] < RANK[target]


def check(path):
    source = layer_of(path)
    in_body = "kernels" in path.parts and path.parent.name in ("body", "vec", "tuned")
    for match in INCLUDE.finditer(path.read_text()):
        line = path.read_text()[: match.start()].count("\n") + 1
        where = f"{path.relative_to(ROOT)}:{line}"
        target_path = find(path, match[1])
        if target_path is None:
            yield f'{where}: "{match[1]}" is not in this repository; system headers stand in <>'
            continue
        target = layer_of(target_path)
        if in_body and target != "kernels":
            yield f'{where}: a kernel body includes "{match[1]}" of {target}; only kernels/ may be seen here'
        elif not allowed(source, target):
            yield f'{where}: {source} includes "{match[1]}" of {target}, which is not below it'
        elif target_path.suffix == ".c":
            yield f'{where}: includes the source file "{match[1]}"'


def main():
    files = [p for folder in ("include", "src", "io", "cli") for p in sorted((ROOT / folder).rglob("*.[ch]"))]
    unknown = [p for p in files if layer_of(p) not in {"public", "io", "cli", *RANK}]
    problems = [f"{p.relative_to(ROOT)}: its folder has no place in LAYERS" for p in unknown]
    for path in files:
        if path not in unknown:
            problems.extend(check(path))
    print("\n".join(problems) if problems else f"layers: {len(files)} files, every include points downwards")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
