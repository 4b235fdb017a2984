Row 17: given centers of the wrong shape, with NaN, repeated.

  $ printf '1,2\n3,4\n9,9\n9,8\n' > x.csv
  $ printf '1,2,3\n4,5,6\n' > wide.csv; covey fit x.csv --init wide.csv
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: wide.csv: the centers have 3 features, but the rows of x.csv have 2
  [3]
  $ printf '1,2\n4,5\n' > two.csv; covey fit x.csv -k 3 --init two.csv
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: two.csv: holds 2 centers, but k is 3
  [3]
  $ printf '1,2\n4,nan\n' > nan.csv; covey fit x.csv --init nan.csv
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: nan.csv: NaN (missing value) in row 1 (line 2, byte 6), column 2 (1 row affected); --missing drop or mean
    this is the file that --init names: one line for each starting center
  [3]
  $ covey fit x.csv --init missing.csv
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: missing.csv: cannot read: No such file or directory
    this is the file that --init names: one line for each starting center
  [4]
  $ printf '1,2\n9,9\n9,9\n' > twice.csv; covey fit x.csv --init twice.csv --labels labels > out; cat labels
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: warning: twice.csv: 1 of the given centers repeats an earlier one
  covey: labels written to labels
  0
  2
  1
  1
  $ covey fit x.csv --init two.csv -q --n-init 4 --labels -
  0
  0
  1
  1
