Row 7: all points equal. The fit succeeds and says how many clusters there are.

  $ printf '1,2\n1,2\n1,2\n1,2\n' > x.csv
  $ covey fit x.csv -k 3
  $ covey fit x.csv -k 3 --json -q | grep distinct
  $ covey fit x.csv -k 3 -q --labels -
