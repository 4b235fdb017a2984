Row 4: subnormals, zeros, a constant column.

  $ printf 'a,b,c\n1,5,1e-310\n2,5,2e-310\n10,5,3e-310\n11,5,4e-310\n' > x.csv
  $ for how in none standard minmax robust; do covey fit x.csv -k 2 --scale $how --labels - -q | tr '\n' ' '; done; echo
  $ covey info x.csv
  $ printf '0,0\n0,0\n' | covey fit - -k 1 --scale standard
