Row 11: one cluster, one row.

  $ printf '1,2\n3,4\n5,9\n' > x.csv
  $ covey fit x.csv -k 1 -q --centers -
  3,5
  $ covey fit x.csv -k 1 --json -q | grep -E '"(inertia|total_ss|explained)"'
    "inertia": 34,
    "total_ss": 34,
    "explained": 0,
  $ printf '1,2\n' | covey fit - -k 1 -q --labels - --header no
  0
