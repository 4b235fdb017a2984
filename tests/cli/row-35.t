Row 35: numbers that are none, or outside their range.

  $ printf '1,2\n3,4\n' > x.csv
  $ covey fit x.csv -k 1 --tol nan
  covey: error: --tol is 'nan', but must be a finite number, 0 or more
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1 --tol -1
  covey: error: --tol is '-1', but must be a finite number, 0 or more
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1 --tol inf
  covey: error: --tol is 'inf', but must be a finite number, 0 or more
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1 --tol 0x1p3
  covey: error: --tol is '0x1p3', but must be a finite number, 0 or more
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1 --tol 1e999
  covey: error: --tol is '1e999', but must be a finite number, 0 or more
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1 --tol 1,5
  covey: error: --tol is '1,5', but must be a finite number, 0 or more
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1 --seed 1180591620717411303424
  covey: error: --seed is '1180591620717411303424', but must be a whole number from 0 to 4294967295
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1 --seed -1
  covey: error: --seed is '-1', but must be a whole number from 0 to 4294967295
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1 --seed 4294967295 -q | grep seed
    seed        4294967295
