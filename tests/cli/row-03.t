Row 3: beyond 1e150 squares overflow; 1e149 works.

  $ printf '1,2\n3,2e150\n5,6\n' > x.csv
  $ covey fit x.csv -k 2
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: x.csv: 2e+150 in row 1, feature 2: beyond 1e150 squares overflow; scale the data
  [3]
  $ printf '1,2\n3,-1e149\n5,6\n' > x.csv
  $ covey fit x.csv -k 2 --labels - -q
  1
  0
  1
