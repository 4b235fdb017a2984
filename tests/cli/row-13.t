Row 13: k that is no count.

  $ printf '1,2\n3,4\n' > x.csv
  $ covey fit x.csv -k 0
  $ covey fit x.csv -k -3
  $ covey fit x.csv -k 2.5
  $ covey fit x.csv -k '"8"'
  $ covey fit x.csv -k True
  $ covey fit x.csv -k 1000000000000000000
  $ covey fit x.csv -k ''
  $ covey fit x.csv --n-init 0
  $ covey fit x.csv --max-iter 0
  $ covey fit x.csv --threads 0
