Row 47: outputs that must not be written are refused before anything is read.

  $ printf '1,2\n3,4\n' > x.csv; mkdir folder; ln -s nowhere dangling; echo keep > old.csv; ln -s x.csv link.csv; ln x.csv hard.csv
  $ covey fit x.csv -k 1 --labels x.csv --force
  $ covey fit x.csv -k 1 --append link.csv --force
  $ covey fit x.csv -k 1 --append ./hard.csv --force
  $ covey fit - -k 1 --labels folder < x.csv
  $ covey fit - -k 1 --labels dangling --force < x.csv
  $ covey fit - -k 1 --labels old.csv < x.csv
  $ covey fit - -k 1 --labels none/l.csv < x.csv
  $ covey fit - -k 1 --labels l.csv --centers ./l.csv < x.csv
  $ covey fit - -k 1 --labels l.csv.gz < x.csv
  $ covey fit - -k 1 --labels /proc/l.csv < x.csv
  $ covey convert x.csv x.csv --force
  $ covey make blobs -o old.csv
  $ cat old.csv x.csv; ls

Nothing was read: the input is not even opened.

  $ covey fit nowhere.csv -k 1 --labels old.csv

With --force the file is replaced.

  $ covey fit x.csv -k 1 -q --labels old.csv --force > /dev/null; cat old.csv
