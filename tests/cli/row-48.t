Row 48: CSV lines of another length.

  $ printf 'a,b,c\n1,2,3\n4,5\n7,8,9,10\n11,12,13\n' > x.csv
  $ covey fit x.csv -k 1
  covey: error: x.csv: line 3, byte 12: 2 fields, expected 3; --ragged skip, fill or a file for such lines goes on
  [3]
  $ covey fit x.csv -k 2 --ragged skip --labels -  -q
  1
  -1
  -1
  0
  $ covey fit x.csv -k 2 --ragged fill --missing mean -q --labels -
  1
  0
  0
  0
  $ covey fit x.csv -k 2 --ragged bad.csv -q --labels - --model m.npz
  1
  -1
  -1
  0
  $ cat bad.csv
  4,5
  7,8,9,10
  $ covey fit x.csv -k 2 --ragged bad.csv
  covey: error: bad.csv: exists; --force replaces it
  [4]
  $ echo old > bad.csv; covey predict m.npz x.csv --ragged bad.csv --force -q -o -
  1
  -1
  -1
  0
  $ cat bad.csv
  4,5
  7,8,9,10
  $ covey fit x.csv -k 2 --ragged skipp
  covey: error: --ragged is 'skipp', but must be one of error, skip, fill or a file name with a dot or a slash; did you mean skip?
    'covey fit --help' shows the options
  [2]
