Row 33: small types are read as they are; others are refused by name.

  $ cat > npy.py <<'END'
  > import struct, sys
  > name, descr, code, *values = sys.argv[1:]
  > head = ("{'descr': '%s', 'fortran_order': False, 'shape': (%d, 2), }" % (descr, len(values) // 2)).encode()
  > head += b" " * (117 - len(head)) + b"\n"
  > kind = bool if code == "?" else float if code in "efd" else int
  > body = struct.pack("<%d%s" % (len(values), code), *map(kind, values)) if code != "0" else b"\0" * 400
  > open(name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body)
  > END
  $ for t in '|i1 b' '|u1 B' '<i2 h' '<u2 H' '<i4 i' '<i8 q' '<f2 e' '<f4 f' '<f8 d'; do set -- $t; python3 npy.py x.npy "$1" $2 1 2 3 4 100 101 102 103; covey fit x.npy -k 2 -q | grep inertia; done
    inertia     8
    inertia     8
    inertia     8
    inertia     8
    inertia     8
    inertia     8
    inertia     8
    inertia     8
    inertia     8
  $ python3 npy.py x.npy '<c16' 0 1 2 3 4; covey fit x.npy -k 1
  covey: error: x.npy: elements are complex numbers ('<c16'); save an array of numbers (bool, int, uint or float)
  [3]
  $ python3 npy.py x.npy '|O' 0 1 2 3 4; covey fit x.npy -k 1
  covey: error: x.npy: elements are Python objects, which only pickle could read ('|O'); save an array of numbers (bool, int, uint or float)
  [3]
  $ python3 npy.py x.npy '<U5' 0 1 2 3 4; covey fit x.npy -k 1
  covey: error: x.npy: elements are text ('<U5'); save an array of numbers (bool, int, uint or float)
  [3]
  $ python3 npy.py x.npy '<M8[s]' 0 1 2 3 4; covey fit x.npy -k 1
  covey: error: x.npy: elements are dates ('<M8[s]'); save an array of numbers (bool, int, uint or float)
  [3]
  $ cp $DATA/iris.csv .; covey fit iris.csv -k 3
  covey: error: iris.csv: 'species' (column 5) holds text: 'setosa' in row 0 (line 2, byte 74); choose columns of numbers: --columns 1-4
  [3]
