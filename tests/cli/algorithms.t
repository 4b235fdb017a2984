The other algorithms, from the command.

  $ covey make blobs -n 2000 -k 4 --std 0.3 -q -o x.csv
  $ covey fit x.csv -k 4 --algorithm kmeans -q | grep explained
  $ covey fit x.csv -k 4 --algorithm minibatch --batch-size 256 -q | grep -E 'explained'
  $ covey fit x.csv -k 4 --algorithm bisecting -q | grep -E 'explained'
  $ covey fit x.csv -k 4 --plan brute -q --json | grep '"plan"'
  $ covey fit x.csv -k 4 --plan magic -q
  $ covey fit x.csv -k 4 --center-dtype float32 -q -m m.npz > /dev/null; covey info m.npz | grep 'centers  '
