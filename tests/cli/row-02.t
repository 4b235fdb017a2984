Row 2: infinities are no missing values: only drop hides them.

  $ printf '1,2\n3,inf\n5,6\n-inf,1\n9,9\n' > x.csv
  $ covey fit x.csv -k 2
  covey: error: x.csv: infinite value in row 1 (line 2, byte 6), column 2 (2 rows affected); --missing drop leaves it out
  [3]
  $ covey fit x.csv -k 2 --missing mean
  covey: error: x.csv: infinite value in row 1 (line 2, byte 6), column 2 (2 rows affected); --missing drop leaves it out
  [3]
  $ covey fit x.csv -k 2 --missing drop --labels - -q
  0
  -1
  0
  -1
  1
