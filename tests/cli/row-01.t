Row 1: NaN. The place, how many rows, and what can be done.

  $ printf 'name,age\n1,2\n3,\n5,NA\n7,8\n' > x.csv
  $ covey fit x.csv -k 1
  $ printf '1,2\n3,4\nnan,4\n' | covey fit - -k 1
  $ covey fit x.csv -k 2 --missing drop --labels -
  $ covey fit x.csv -k 2 --missing mean --labels - -q
  $ python3 -c "
  > import struct
  > head = b\"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }\"
  > head += b' ' * (117 - len(head)) + b'\n'
  > open('x.npy', 'wb').write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head + struct.pack('<6d', 1, 2, 3, float('nan'), 5, 6))"
  $ covey fit x.npy -k 1
  $ covey fit x.npy -k 2 --missing drop --labels - -q
