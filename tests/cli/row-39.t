Row 39: threads that cannot be started are done without; the result is the same. (A sanitizer needs the address space for
itself: skipped.)

  $ (ulimit -v 1000000; covey --version > /dev/null 2>&1 || exit 77)

  $ covey make blobs -n 3000 -k 5 --std 3 -q -o x.npy
  $ covey fit x.npy -k 5 -t 1 -q --labels one.csv > /dev/null
  $ (ulimit -v 3000000; ulimit -s 1000000; covey fit x.npy -k 5 -t 16 -q --labels many.csv --json) | awk '/"threads"/ {print ($2 + 0 < 16 ? "fewer" : $2)}'
  fewer
  $ cmp one.csv many.csv
