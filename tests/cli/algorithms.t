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

The global optimum of one feature.

  $ printf '1\n2\n4\n11\n12\n30\n31\n' > line.csv
  $ covey fit line.csv -k 3 --optimal -q | grep -E 'inertia|iterations|start'
    inertia     5.666666666666667
    iterations  1; no other clusters have less inertia
    start       none
  $ covey fit line.csv -k 3 --optimal -q --centers - 2> /dev/null
  2.3333333333333335
  11.5
  30.5
  $ covey fit line.csv -k 3 --algorithm optimal -q --json | grep -E '"(algorithm|init|plan|converged)"'
    "algorithm": "optimal",
    "init": "none",
    "converged": true,
    "plan": "optimal",
  $ covey fit x.csv -k 3 --optimal -q
  covey: error: the optimal algorithm needs one feature, but x has 2
    --columns N chooses one column
  [2]
  $ covey fit line.csv -k 3 --optimal --n-init 5
  covey: error: --n-init means nothing for the optimum, which is found in one go
    'covey fit --help' shows the options
  [2]
  $ covey fit line.csv -k 3 --optimal --algorithm minibatch
  covey: error: --optimal is an algorithm of its own, so not with --algorithm minibatch
    'covey fit --help' shows the options
  [2]

Other starts.

  $ covey fit x.csv -k 4 --init parallel -q | grep -E 'explained|start'
    explained   98.1 % of the variance
    start       k-means||
  $ covey fit x.csv -k 4 --init 'k-means||' -q | grep start
    start       k-means||
  $ covey fit x.csv -k 4 --init d2 --n-init 5 -q | grep explained
    explained   98.1 % of the variance
  $ covey fit x.csv -k 4 --init k-means++/d2 -q --json | grep '"init"'
    "init": "k-means++/d2",
