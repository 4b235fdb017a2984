Row 10: k = n. Each row is its own center.

  $ printf '1,2\n3,4\n5,9\n' > x.csv
  $ covey fit x.csv -k 3 -q | grep inertia
    inertia     0
  $ covey fit x.csv -k 3 -q --labels - | sort
  0
  1
  2
