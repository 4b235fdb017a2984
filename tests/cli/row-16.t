Row 16: a one-dimensional array is a column of values.

  $ python3 -c "
  > import struct
  > head = b\"{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }\"
  > head += b' ' * (117 - len(head)) + b'\n'
  > open('x.npy', 'wb').write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head + struct.pack('<4d', 1, 2, 9, 10))"
  $ covey fit x.npy -k 2 --labels - -q
  covey: error: x.npy: Expected 2D array, got 1D array of 4 numbers. Save it as reshape(-1, 1) if it is one feature, or reshape(1, -1) if it is one row
  [3]
