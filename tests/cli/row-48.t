Row 48: CSV lines of another length.

  $ printf 'a,b,c\n1,2,3\n4,5\n7,8,9,10\n11,12,13\n' > x.csv
  $ covey fit x.csv -k 1
  $ covey fit x.csv -k 2 --ragged skip --labels -  -q
  $ covey fit x.csv -k 2 --ragged fill --missing mean -q --labels -
  $ covey fit x.csv -k 2 --ragged bad.csv -q --labels -
  $ cat bad.csv
  $ covey fit x.csv -k 2 --ragged bad.csv
  $ covey fit x.csv -k 2 --ragged skipp
