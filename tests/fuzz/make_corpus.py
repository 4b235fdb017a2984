"""Write the corpus of good and nearly good files: python3 tests/fuzz/make_corpus.py COVEY, where COVEY is the command."""

import io
import pathlib
import struct
import subprocess
import sys
import zlib

import numpy as np

HERE = pathlib.Path(__file__).parent / "corpus"


def put(target, name, data):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def npy(array):
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, color, rows, *extra):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


csv = {
    "plain": b"a,b,c\n1,2,3\n-4.5,6e2,.7\n",
    "no-header": b"1;2\n3;4\n",
    "quotes": b'"a","b ""x"""\r\n"1","2"\r\n"3",4\r\n',
    "quoted-lines": b't,x\n"two\nlines, here",1\n"",2\n',
    "missing": b"a,b\n1,\nNA,2\nnull,?\n3,4\n",
    "infinite": b"a,b\n1,inf\n2,-Infinity\n",
    "ragged": b"a,b\n1,2\n3\n4,5,6\n7,8\n",
    "blanks": b"  1   2\n 3\t 4 \n\n5 6",
    "bom": b"\xef\xbb\xbfa\tb\n1\t2\n",
    "long-numbers": b"0.12345678901234567890,1e-320\n123456789012345678901234567890,1.7976931348623157e308\n",
    "bad-cells": b"a;b\n1,5;0x1f\n1e400;abc\n",
    "open-quote": b'a,b\n1,2\n3,"4\n',
    "lone-cr": b"a,b\r1,2\r",
    "nul": b"a,b\n1,\0\n",
    "gzip": zlib.compress(b"a,b\n1,2\n3,4\n", 9, 31) if sys.version_info >= (3, 11) else b"",
}
for name, text in csv.items():
    for option in (0, 4, 10, 40):
        put("csv", f"{name}-{option}", bytes([option]) + text)

arrays = {
    "f8": np.arange(6.0).reshape(2, 3),
    "f8-fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "f4-big": np.arange(6, dtype=">f4").reshape(2, 3),
    "f2-nan": np.array([[1, np.nan], [3, 4]], dtype="f2"),
    "u1-picture": np.arange(24, dtype="u1").reshape(2, 4, 3),
    "u2-picture-fortran": np.asfortranarray(np.arange(24, dtype="u2").reshape(2, 4, 3)),
    "line": np.arange(5.0),
    "bool": np.ones((2, 2), dtype=bool),
    "text": np.array(["a", "b"]),
    "complex": np.ones((2, 2), dtype="c16"),
    "records": np.zeros(2, dtype=[("a", "f8"), ("b", "i4")]),
}
for name, array in arrays.items():
    for option in (0, 1, 6, 12):
        put("npy", f"{name}-{option}", bytes([option]) + npy(array))

out = io.BytesIO()
np.savez(out, x=arrays["f8"], y=arrays["line"])
put("npz", "stored", out.getvalue())
out = io.BytesIO()
np.savez_compressed(out, x=arrays["f8"], y=np.zeros((100, 10)))
put("npz", "deflated", out.getvalue())

put("picture", "gray", png(2, 2, 8, 0, b"\0ab\0cd"))
put("picture", "rgb-transparent", png(2, 1, 8, 2, b"\0abcdef", chunk(b"tRNS", b"\0a\0b\0c")))
put("picture", "rgba16", png(1, 1, 16, 6, b"\0abcdefgh"))
put("picture", "palette", png(4, 1, 2, 3, b"\0\x1b", chunk(b"PLTE", b"aaabbbcccddd"), chunk(b"tRNS", b"\0\x80")))
put("picture", "interlaced", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 1))
    + chunk(b"IDAT", zlib.compress(b"\0a\0b\0cd")) + chunk(b"IEND", b""))
put("picture", "huge", png(65535, 65535, 8, 2, b"\0"))
put("picture", "profile", png(1, 1, 8, 2, b"\0abc", chunk(b"iCCP", b"x\0\0zzzz"), chunk(b"gAMA", b"\0\0\xb1\x8f")))

table = HERE / "table.tmp"
for kind in ("npz", "json"):
    for scale in ("none", "standard"):
        table.write_bytes(b"a,b\n1,2\n3,4\n5,7\n1,9\n")
        model = HERE / f"model.{kind}"
        subprocess.run([sys.argv[1], "fit", str(table), "-k", "2", "--scale", scale, "--model", str(model), "--force", "-q"],
                       check=True, stdout=subprocess.DEVNULL)
        put("model" if kind == "npz" else "json", f"{kind}-{scale}", model.read_bytes())
        model.unlink()
table.unlink()
put("json", "nested", b'{"format": ' + b"[" * 40 + b"]" * 40 + b"}")
put("json", "escapes", b'{"format": "\\u0041\\ud83d\\udc26\\n", "format_version": -0.5e3}')
put("model", "pickle", b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x02os\x94.")
