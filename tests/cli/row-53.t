Row 53: NPY files that lie.

  $ cat > npy.py <<'END'
  > import struct, sys
  > head = sys.argv[1].encode()
  > size = int(sys.argv[2]) if len(sys.argv) > 2 else len(head)
  > sys.stdout.buffer.write(b"\x93NUMPY\x02\x00" + struct.pack("<I", size) + head + b"\0" * int(sys.argv[3] if len(sys.argv) > 3 else 32))
  > END
  $ try() { python3 npy.py "$@" > x.npy; covey fit x.npy -k 1; }
  > try "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }" 4294967295
  > try "{'descr': '<f8', 'fortran_order': False, 'shape': (2, [[[[2]]]]), }"
  > try "{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 2), }"
  > try "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"
  > try "{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }"
  > try "{'descr': [('a', '<f8'), ('b', '<f8')], 'fortran_order': False, 'shape': (2,), }"
  > try "{'descr': '<f8', 'fortran_order': False, 'shape': (9, 2), }"
  > try "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }" 59 40
  > try "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2), }" 59 0
  > try "__import__('os').system('touch pwned')"; ls
  covey: error: x.npy: NPY header of 4294967295 bytes, more than the cap of 65536
  covey: error: x.npy: NPY header, byte 54: expected a size in the shape
  covey: error: x.npy: NPY header, byte 51: a negative size in the shape
  covey: error: x.npy: NPY header: the shape holds more bytes than 64 bits can count
  covey: error: x.npy: elements are Python objects, which only pickle could read ('|O'); save an array of numbers (bool, int, uint or float)
  covey: error: x.npy: elements are records with named fields (a structured dtype); save its number fields as a plain 2-D array
  covey: error: x.npy: cut off: the header promises 144 bytes of data, 32 are there
  covey: error: x.npy: 8 bytes behind the end of the data
  covey: error: x.npy: 0 rows, 2 columns: there is nothing to cluster
  covey: error: x.npy: NPY header, byte 0: expected '{'
  npy.py
  x.npy
