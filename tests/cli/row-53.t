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
