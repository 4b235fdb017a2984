Row 9: more clusters than rows.

  $ printf '1,2\n3,4\n' > x.csv
  $ covey fit x.csv -k 12
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: x.csv has only 2 rows, too few for 12 clusters
    -k must be at most the number of rows
  [2]
  $ covey fit x.csv -k 12 --init random
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: x.csv has only 2 rows, too few for 12 clusters
    -k must be at most the number of rows
  [2]
  $ covey fit x.csv -k 12 --algorithm minibatch
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: x.csv has only 2 rows, too few for 12 clusters
    -k must be at most the number of rows
  [2]
  $ covey fit x.csv -k 12 --algorithm bisecting
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: x.csv has only 2 rows, too few for 12 clusters
    -k must be at most the number of rows
  [2]
