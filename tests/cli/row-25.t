Row 25: the objective never rises: the inertia of each iteration, as -v tells it.

  $ covey make blobs -n 2000 -k 8 --std 3 -q -o x.csv
  $ covey fit x.csv -k 8 -v 2>&1 | sed -n 's/.*iteration [0-9]*: inertia \([0-9.e+]*\),.*/\1/p' > inertia
  $ test $(wc -l < inertia) -gt 3 && sort -gr inertia | cmp - inertia
