Row 9: more clusters than rows.

  $ printf '1,2\n3,4\n' > x.csv
  $ covey fit x.csv -k 12
  $ covey fit x.csv -k 12 --init random
  $ covey fit x.csv -k 12 --algorithm minibatch
  $ covey fit x.csv -k 12 --algorithm bisecting
