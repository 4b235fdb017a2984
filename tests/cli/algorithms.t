The other algorithms, from the command.

  $ covey make blobs -n 2000 -k 4 --std 0.3 -q -o x.csv
  $ covey fit x.csv -k 4 --algorithm kmeans -q | grep explained
    explained   98.1 % of the variance
  $ covey fit x.csv -k 4 --algorithm minibatch --batch-size 256 -q | grep -E 'explained'
    explained   98.0 % of the variance
  $ covey fit x.csv -k 4 --algorithm bisecting -q | grep -E 'explained'
    explained   98.1 % of the variance
  $ covey fit x.csv -k 4 --plan brute -q --json | grep '"plan"'
    "plan": "brute",
  $ covey fit x.csv -k 4 --plan magic -q
  covey: error: plan 'magic' is unknown; one of *brute* (glob)
  [2]
  $ covey fit x.csv -k 4 --center-dtype float32 -q -m m.npz > /dev/null; covey info m.npz | grep 'centers  '
    centers     float32
