Row 13: k that is no count.

  $ printf '1,2\n3,4\n' > x.csv
  $ covey fit x.csv -k 0
  covey: error: -k is '0', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k -3
  covey: error: -k is '-3', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 2.5
  covey: error: -k is '2.5', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k '"8"'
  covey: error: -k is '"8"', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k True
  covey: error: -k is 'True', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k 1000000000000000000
  covey: error: -k is '1000000000000000000', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv -k ''
  covey: error: -k is '', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv --n-init 0
  covey: error: --n-init is '0', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv --max-iter 0
  covey: error: --max-iter is '0', but must be a whole number from 1 to 2147483647
    'covey fit --help' shows the options
  [2]
  $ covey fit x.csv --threads 0
  covey: error: --threads is '0', but must be a whole number from 1 to 4096
    'covey fit --help' shows the options
  [2]
