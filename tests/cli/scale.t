Scaling is learned at fit, stored in the model and applied by every other verb; centers come back in the input's units.

  $ printf 'a,b\n0,1000\n1,3000\n2,1000\n3,3000\n' > x.csv
  $ covey fit x.csv -k 2 -q --scale none --labels - | tr '\n' ' '
  $ for how in standard minmax robust; do covey fit x.csv -k 2 --scale $how -m $how.npz -q > out; grep -E 'inertia|scaling' out; covey score $how.npz x.csv -q; done
  $ covey fit x.csv -k 1 --scale standard -q --centers -
  $ covey info standard.npz --json | grep -A 12 '"scale"'
  $ covey fit x.csv --scale standard --init standard.npz -q --json | grep -E 'iterations|inertia'
  $ covey transform minmax.npz x.csv -q
