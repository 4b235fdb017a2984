Row 19: weights that are all zero, negative, NaN or infinite.

  $ printf 'x,w\n1,0\n2,0\n' > x.csv; covey fit --weights w x.csv -k 1
  covey: x.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 1 of 2
  covey: error: weights must contain at least one non-zero number
  [3]
  $ printf 'x,w\n1,1\n2,-1\n' > x.csv; covey fit --weights w x.csv -k 1
  covey: x.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 1 of 2
  covey: error: weights[1] is -1; weights must be finite and not negative
  [3]
  $ printf 'x,w\n1,1\n2,nan\n' > x.csv; covey fit --weights w x.csv -k 1
  covey: error: x.csv: NaN (missing value) in row 1 (line 3, byte 10), 'w' (column 2) (1 row affected); --missing drop or mean
  [3]
  $ printf 'x,w\n1,1\n2,inf\n' > x.csv; covey fit --weights w x.csv -k 1
  covey: error: x.csv: infinite value in row 1 (line 3, byte 10), 'w' (column 2) (1 row affected); --missing drop leaves it out
  [3]
  $ printf 'x,w\n1,1\n2,3\n' > x.csv; covey fit --weights weight x.csv -k 1
  covey: error: x.csv: weights column 'weight' is not in the file; close names: 'w'
  [2]
  $ printf 'x,w\n1,1\n5,3\n' > x.csv; covey fit --weights w x.csv -k 1 -q --centers -
  x
  4
