Row 3: beyond 1e150 squares overflow; 1e149 works.

  $ printf '1,2\n3,2e150\n5,6\n' > x.csv
  $ covey fit x.csv -k 2
  $ printf '1,2\n3,-1e149\n5,6\n' > x.csv
  $ covey fit x.csv -k 2 --labels - -q
