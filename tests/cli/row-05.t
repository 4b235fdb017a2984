Row 5: float32 with an offset of 1e6 and a spread of 1 gives the labels of float64 on the same stored values.

  $ covey make blobs -n 500 -k 3 --std 0.1 | awk -F, '{printf "%.0f,%.0f\n", 64 * ($1 * .1 + 1e4), 64 * ($2 * .1 + 1e4)}' > x.csv
  $ covey fit x.csv -k 3 --dtype float32 --labels - -q | cksum > a
  $ covey fit x.csv -k 3 --labels - -q | cksum | cmp - a
