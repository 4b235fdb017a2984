Row 52: columns named twice, not at all, or with names that mean something elsewhere.

  $ printf 'age,height,age\n1,2,3\n4,5,6\n' > twice.csv
  $ covey fit twice.csv -k 1 --columns age
  $ covey fit twice.csv -k 1 --columns hieght
  $ covey fit twice.csv -k 1 --columns 1,7
  $ covey fit twice.csv -k 1 --columns -2
  $ printf '<script>,=cmd()\n1,2\n4,5\n' > bad.csv
  $ covey fit bad.csv -k 1 -q --centers -
  $ covey fit bad.csv -k 1 -q --json | grep -A 3 names
  $ printf 'a\033[31mred,b\302\233c\n1,2\n4,5\n' > escape.csv
  $ covey info escape.csv
  $ covey fit escape.csv -k 1 --columns '3' 2>&1
  $ covey fit escape.csv -k 1 --columns "$(printf '\033[31m')" 2>&1
