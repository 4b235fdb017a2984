Row 57: --mmap reads the same; a mapped file that shrinks ends with exit code 4 (test_signals.py shrinks one).

  $ covey make blobs -n 1000 -k 3 -q -o x.npy
  $ covey fit x.npy -k 3 -q --mmap --labels - | cksum > a; covey fit x.npy -k 3 -q --labels - | cksum | cmp - a
  $ head -c 5000 x.npy > cut.npy; covey fit cut.npy -k 3 --mmap
  covey: error: cut.npy: cut off: the header promises 16000 bytes of data, 4872 are there
  [3]
