Row 39: threads that cannot be started are done without; the result is the same.

  $ covey make blobs -n 3000 -k 5 --std 3 -q -o x.npy
  $ covey fit x.npy -k 5 -t 1 -q --labels one.csv
  $ (ulimit -v 4000000; ulimit -s 1000000; covey fit x.npy -k 5 -t 16 -q --labels many.csv)
  $ cmp one.csv many.csv
