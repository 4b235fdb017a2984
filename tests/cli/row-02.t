Row 2: infinities are no missing values: only drop hides them.

  $ printf '1,2\n3,inf\n5,6\n-inf,1\n9,9\n' > x.csv
  $ covey fit x.csv -k 2
  $ covey fit x.csv -k 2 --missing mean
  $ covey fit x.csv -k 2 --missing drop --labels - -q
