"""Write the C source of the extension module ``covey._covey`` from the public headers.

Usage: ``python _build.py INCLUDE_DIR OUTPUT.c``. The build runs it; the installed package does not contain it.

cffi reads declarations, not headers: comments, include guards, attributes and function-like macros are taken out here,
and the one X-macro that makes an enumeration is written out. Nothing is declared twice by hand, so a signature changes in
one place only.
"""

import re
import sys
from pathlib import Path

import cffi

HEADERS = ("status.h", "matrix.h", "progress.h", "random.h", "options.h", "model.h", "metrics.h")

# What the library calls back: a Python function stands behind each of these.
CALLBACKS = """
extern "Python" int covey_py_progress(void *user, const covey_progress *progress);
extern "Python" int covey_py_seed(void *user, covey_random *random, int64_t run, const int64_t *rows, int64_t n_rows,
                                  int64_t k, int64_t d, double *centers);
"""


def expand_lists(text):
    """Replace ``NAME_LIST(MACRO)`` uses by what the two macros make of it."""
    text = text.replace("\\\n", " ")
    lists = dict(re.findall(r"^#define (COVEY_\w+_LIST)\(X\)(.*)$", text, flags=re.M))
    macros = {name: (params, body) for name, params, body
              in re.findall(r"^#define (COVEY_\w+)\(([\w, ]+)\)(.*)$", text, flags=re.M) if name not in lists}

    def expand(use):
        params, body = macros[use.group(2)]
        names = [p.strip() for p in params.split(",")]
        out = []
        for call in re.findall(r'X\(((?:"[^"]*"|[^()"])*)\)', lists[use.group(1)]):
            values = re.findall(r'"[^"]*"|[^,\s]+', call)
            line = body
            for name, value in zip(names, values, strict=True):
                line = re.sub(rf"(?:##)?\b{name}\b", value, line).replace("_##", "_")
            out.append(line.replace("##", ""))
        return "\n".join(out)

    return re.sub(r"^\s*(COVEY_\w+_LIST)\((\w+)\)\s*$", expand, text, flags=re.M)


def declarations(text):
    """The declarations of one header, as cffi's parser takes them."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"//.*", "", text)
    text = expand_lists(text)
    text = re.sub(r'#ifdef __cplusplus.*?#endif', "", text, flags=re.S)
    kept = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            if re.match(r"#define \w+ \d+\s*$", line):
                kept.append(line)
            continue
        kept.append(line)
    return re.sub(r"\bCOVEY_(API|MUST_USE)\b", "", "\n".join(kept))


def main(include_dir, output):
    ffi = cffi.FFI()
    ffi.cdef("\n".join(declarations((Path(include_dir) / "covey" / name).read_text(encoding="utf-8"))
                       for name in HEADERS))
    ffi.cdef(CALLBACKS)
    ffi.set_source("covey._covey", '#include "covey/covey.h"', py_limited_api=True)
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
