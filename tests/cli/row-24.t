Row 24: max_iter is a fact, not an error; --strict makes it exit code 6.

  $ covey make blobs -n 400 -k 6 --std 4 -q -o x.csv
  $ covey fit x.csv -k 6 --max-iter 2 --labels a.csv > /dev/null
  $ covey fit x.csv -k 6 --max-iter 2 | grep iterations
  $ covey fit x.csv -k 6 --max-iter 2 --json -q | grep -E 'converged|stop|squared_shift|"tolerance'
  $ covey fit x.csv -k 6 --max-iter 2 --strict --labels b.csv > /dev/null
  $ cmp a.csv b.csv
  $ covey fit x.csv -k 6 --strict > /dev/null
