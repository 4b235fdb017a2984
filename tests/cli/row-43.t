Row 43: no memory. A message, exit code 5, nothing written.

  $ covey make blobs -n 200000 --features 20 -q -o x.npy
  $ (ulimit -v 60000; covey fit x.npy -k 3 --model m.npz 2> err; echo $?; test -s err && wc -l < err)
  $ ls m.npz
  $ (ulimit -v 60000; covey make blobs -n 100000000 -o y.csv)
  $ ls y.csv
