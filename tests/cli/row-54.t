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
  2,3
  $ covey fit good.npz -k 1 --member y -q --centers -
  0,0
  $ covey fit good.npz -k 1 --member z
  covey: error: good.npz: has no array 'z'; it has 'x', 'y'
  [2]
  $ covey fit bomb.npz -k 1 --memory-limit 4M
  covey: error: bomb.npz: the array takes 32000000 bytes, more than the memory limit of 4194304
    --memory-limit was set; a larger one, fewer columns or --dtype float32 would do
  [5]
  $ for f in path twice none cut secret; do covey fit $f.npz -k 1; echo $?; done
  covey: path.npz: array: 2 x 2 float64
  path.npz: 2 rows, 2 features, 1 cluster
  
    cluster         rows    share
          0            2  100.0 %  ##############################
  
    inertia     0
    explained   nothing to explain: all rows are equal
    iterations  1; converged: the centers moved less than the tolerance
    start       k-means++
    seed        0
    time        .+ (re)
  0
  covey: error: twice.npz: not a readable zip archive: File already exists
  3
  covey: error: none.npz: --member chooses an array; there are 'readme.txt'
  2
  covey: error: cut.npz: not a readable zip archive: Not a zip archive
  3
  covey: error: secret.npz[x.npy]: is encrypted
  3
