Row 54: NPZ files that lie.

  $ cat > npz.py <<'END'
  > import struct, sys, warnings, zipfile
  > warnings.simplefilter("ignore")
  > def npy(n, values=None):
  >     head = ("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 2), }" % n).encode()
  >     head += b" " * (117 - len(head)) + b"\n"
  >     return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + (values or b"\0" * (16 * n))
  > def make(name, members, how=zipfile.ZIP_STORED):
  >     with zipfile.ZipFile(name, "w", how) as z:
  >         for member, data in members:
  >             z.writestr(member, data)
  > make("good.npz", [("x.npy", npy(2, struct.pack("<4d", 1, 2, 3, 4))), ("y.npy", npy(3))])
  > make("bomb.npz", [("x.npy", npy(2000000))], zipfile.ZIP_DEFLATED)
  > make("path.npz", [("../x.npy", npy(2))])
  > make("twice.npz", [("x.npy", npy(2)), ("x.npy", npy(3))])
  > make("none.npz", [("readme.txt", b"hello")])
  > data = open("good.npz", "rb").read()
  > open("cut.npz", "wb").write(data[:200])
  > flags = bytearray(data)
  > flags[6] |= 1
  > flags[data.index(b"PK\1\2") + 8] |= 1
  > open("secret.npz", "wb").write(flags)
  > END
  $ python3 npz.py
  $ covey fit good.npz -k 1 -q --centers -
  $ covey fit good.npz -k 1 --member y -q --centers -
  $ covey fit good.npz -k 1 --member z
  $ for f in bomb path twice none cut secret; do covey fit $f.npz -k 1; echo $?; done
