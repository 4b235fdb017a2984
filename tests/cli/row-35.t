Row 35: numbers that are none, or outside their range.

  $ printf '1,2\n3,4\n' > x.csv
  $ covey fit x.csv -k 1 --tol nan
  $ covey fit x.csv -k 1 --tol -1
  $ covey fit x.csv -k 1 --tol inf
  $ covey fit x.csv -k 1 --tol 0x1p3
  $ covey fit x.csv -k 1 --tol 1e999
  $ covey fit x.csv -k 1 --tol 1,5
  $ covey fit x.csv -k 1 --seed 1180591620717411303424
  $ covey fit x.csv -k 1 --seed -1
  $ covey fit x.csv -k 1 --seed 4294967295 -q | grep seed
