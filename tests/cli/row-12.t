Row 12: no rows, no columns.

  $ : > empty.csv; covey fit empty.csv -k 2
  $ printf 'a,b\n' > header.csv; covey fit header.csv -k 2
  $ printf '\n\n\n' | covey fit - -k 2
  $ covey fit /dev/null
