Row 43: no memory. A message, exit code 5, nothing written. (A sanitizer needs the address space for itself: skipped.)

  $ (ulimit -v 100000; covey --version > /dev/null 2>&1 || exit 77)

  $ covey make blobs -n 200000 --features 20 -q -o x.npy
  $ (ulimit -v 45000; covey fit x.npy -k 3 --model m.npz > out 2> err; echo $?; test -s err && wc -l < err)
  5
  2
  $ ls m.npz
  ls: cannot access 'm.npz': No such file or directory
  [2]
  $ (ulimit -v 60000; covey make blobs -n 100000000 -o y.csv)
  covey: error: out of memory for 100000000 rows of 2 numbers
  [5]
  $ ls y.csv
  ls: cannot access 'y.csv': No such file or directory
  [2]
