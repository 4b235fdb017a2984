Sample data, as scikit-learn draws it (the golden files hold its figures; here: shape, seed, files).

  $ covey make blobs -n 3 --seed 0
  -1.3828604420610273,4.372155768296098
  1.95204866963932,1.3082621618763093
  1.9263584960720843,4.152430119150692
  $ covey make moons -n 3 --seed 0 --noise 0.05
  2.037079587040458,0.5776456860956407
  -0.1134164100590187,0.5666772690810948
  0.9578637973085357,0.09849622239349473
  $ covey make circles -n 4 --no-shuffle
  1,0
  -1,1.2246467991473532e-16
  0.8,0
  -0.8,9.797174393178826e-17
  $ covey make blobs -n 5 -k 2 --features 3 --labels l.csv -o x.npy; wc -l < l.csv; covey info x.npy | head -1
  covey: x.npy: 5 rows of 3 features, blobs with seed 0
  5
  x.npy: 5 rows, 3 columns, float64, 120 bytes
  $ covey make blobs -n 5 --labels -
  covey: error: the rows and the labels cannot both go to standard output; --output FILE takes the rows
    'covey make --help' shows the options
  [2]
  $ covey make circles --factor 1
  covey: error: --factor is '1', but must be a number from 0 to below 1
    'covey make --help' shows the options
  [2]
  $ covey make blobs --std -1
  covey: error: --std is '-1', but must be a finite number, 0 or more
    'covey make --help' shows the options
  [2]
  $ covey make blobs -n 0
  covey: error: -n is '0', but must be a whole number from 1 to 9007199254740992
    'covey make --help' shows the options
  [2]
