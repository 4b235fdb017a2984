Row 32: Fortran order, big-endian numbers and a read-only file give the labels of the plain array.

  $ covey make blobs -n 50 --features 3 -k 3 --std 3 -q -o x.csv
  $ python3 -c "
  > import struct
  > rows = [list(map(float, line.split(','))) for line in open('x.csv')]
  > def write(name, descr, fortran, code):
  >     head = ('{\'descr\': \'%s\', \'fortran_order\': %s, \'shape\': (50, 3), }' % (descr, fortran)).encode()
  >     head += b' ' * (117 - len(head)) + b'\n'
  >     flat = [r[f] for f in range(3) for r in rows] if fortran else [v for r in rows for v in r]
  >     open(name, 'wb').write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head + struct.pack(code % len(flat), *flat))
  > write('c.npy', '<f8', False, '<%dd')
  > write('f.npy', '<f8', True, '<%dd')
  > write('b.npy', '>f8', False, '>%dd')"
  $ chmod a-w c.npy; cksum c.npy f.npy b.npy > before
  $ covey fit x.csv -k 3 -q --labels a --centers ca > /dev/null
  $ for f in c.npy f.npy b.npy; do for m in "" --mmap; do covey fit $f -k 3 -q --labels b --centers cb --force $m | grep -v : > /dev/null; cmp a b; cmp ca cb; done; done
  $ cksum c.npy f.npy b.npy | cmp - before
