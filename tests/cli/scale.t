Scaling is learned at fit, stored in the model and applied by every other verb; centers come back in the input's units.

  $ printf 'a,b\n0,1000\n1,3000\n2,1000\n3,3000\n' > x.csv
  $ covey fit x.csv -k 2 -q --scale none --labels - | tr '\n' ' '
  0 1 0 1 
  $ for how in standard minmax robust; do covey fit x.csv -k 2 --scale $how -m $how.npz -q > out; grep -E 'inertia|scaling' out; covey score $how.npz x.csv -q; done
    inertia     3.2  (in scaled units)
    scaling     standard
  -3.2
    inertia     0.4444444444444444  (in scaled units)
    scaling     minmax
  -0.4444444444444444
    inertia     1.4444444444444446  (in scaled units)
    scaling     robust
  -1.4444444444444446
  $ covey fit x.csv -k 1 --scale standard -q --centers -
  a,b
  1.5,2000
  $ covey info standard.npz --json | grep -A 12 '"scale"'
    "scale": "standard",
    "scale_offset": [
      1.5,
      2000
    ],
    "scale_factor": [
      1.118033988749895,
      1000
    ],
    "sizes": [2, 2],
    "centers": [
      [
        0.9999999999999999,
  $ covey fit x.csv --scale standard --init standard.npz -q --json | grep -E 'iterations|inertia'
    "inertia": 3.2,
    "iterations": 1,
  $ covey transform minmax.npz x.csv -q
  distance_0,distance_1
  0.3333333333333333,1.2018504251546631
  1,0.3333333333333333
  0.3333333333333333,1
  1.2018504251546631,0.33333333333333337
