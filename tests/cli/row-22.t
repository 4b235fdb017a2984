Row 22: a cluster turns empty and is refilled; -v and the summary count it.

  $ printf '0\n1\n2\n10\n11\n12\n' > x.csv
  $ printf '1\n11\n500\n' > far.csv
  $ covey fit x.csv --init far.csv -q | grep -E 'refilled|inertia'
    inertia     2.5
    refilled    1 empty cluster on the way
  $ covey fit x.csv --init far.csv -q --json | grep relocations
    "relocations": 1,
