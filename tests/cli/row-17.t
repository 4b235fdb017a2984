Row 17: given centers of the wrong shape, with NaN, repeated.

  $ printf '1,2\n3,4\n9,9\n9,8\n' > x.csv
  $ printf '1,2,3\n4,5,6\n' > wide.csv; covey fit x.csv --init wide.csv
  $ printf '1,2\n4,5\n' > two.csv; covey fit x.csv -k 3 --init two.csv
  $ printf '1,2\n4,nan\n' > nan.csv; covey fit x.csv --init nan.csv
  $ covey fit x.csv --init missing.csv
  $ printf '1,2\n9,9\n9,9\n' > twice.csv; covey fit x.csv --init twice.csv --labels - > labels; cat labels
  $ covey fit x.csv --init two.csv -q --n-init 4 --labels -
