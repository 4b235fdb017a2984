Row 8: fewer different points than k.

  $ printf '1,2\n3,4\n1,2\n3,4\n' > x.csv
  $ covey fit x.csv -k 3 --labels - -q
  0
  1
  0
  1
  $ covey fit x.csv -k 3 --labels - > /dev/null
  ...
  covey: warning: only 2 distinct clusters found for k = 3; the rows may hold fewer different points
  ...
