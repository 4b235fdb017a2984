The first thing a user does. Without --columns, the text column is named.

  $ covey fit $DATA/iris.csv -k 3 --seed 42
  $ cp $DATA/iris.csv . && covey fit iris.csv --columns 1-4 -k 3 --seed 42 | sed 's/time .*/time/'
  $ covey fit iris.csv --columns 1-4 -k 3 --seed 42 -q --json | grep '"inertia"'
  $ covey fit iris.csv --columns sepal_length-petal_width -k 3 --seed 42 -q | grep inertia

Model, labels, centers, a copy with labels.

  $ covey fit iris.csv --columns 1-4 -k 3 --seed 42 -m m.npz -l l.csv -c c.csv -a copy.csv > /dev/null
  $ wc -l < l.csv; head -3 copy.csv; cat c.csv
  $ cut -d, -f6 copy.csv | tail -n +2 | cmp - l.csv
  $ covey predict m.npz iris.csv -q | cmp - l.csv
  $ covey predict m.npz iris.csv -q --append - | cmp - copy.csv
  $ covey predict m.npz iris.csv -q -o l.npy && tail -c 600 l.npy | od -An -v -td4 -w4 | tr -d ' ' | cmp - l.csv
  $ covey score m.npz iris.csv -q
  $ covey score m.npz iris.csv -q --json
  $ covey transform m.npz iris.csv -q | head -3
  $ covey transform m.npz iris.csv -q | awk -F, 'NR > 1 {b = 1; for (i = 2; i <= NF; i++) if ($i < $b) b = i; print b - 1}' | cmp - l.csv
  $ covey info m.npz
  $ covey info m.npz --json | head -12
  $ covey info iris.csv

Through JSON and back nothing changes.

  $ covey convert m.npz m.json; covey convert m.json n.npz; cmp m.npz n.npz
  $ covey predict m.json iris.csv -q | cmp - l.csv

A fit that starts from a model's centers is done at once.

  $ covey fit iris.csv --columns 1-4 --init m.npz --tol 0 | grep -E 'inertia|iterations'
