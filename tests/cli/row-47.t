Row 47: outputs that must not be written are refused before anything is read.

  $ printf '1,2\n3,4\n' > x.csv; mkdir folder; ln -s nowhere dangling; echo keep > old.csv; ln -s x.csv link.csv; ln x.csv hard.csv
  $ covey fit x.csv -k 1 --labels x.csv --force
  covey: error: x.csv: is the input; write to another file
  [2]
  $ covey fit x.csv -k 1 --append link.csv --force
  covey: error: link.csv: is the input; write to another file
  [2]
  $ covey fit x.csv -k 1 --append ./hard.csv --force
  covey: error: ./hard.csv: is the input; write to another file
  [2]
  $ covey fit - -k 1 --labels folder < x.csv
  covey: error: folder: is a directory; name a file in it
  [4]
  $ covey fit - -k 1 --labels dangling --force < x.csv
  covey: error: dangling: is a link to a file that does not exist; remove the link or name its target
  [4]
  $ covey fit - -k 1 --labels old.csv < x.csv
  covey: error: old.csv: exists; --force replaces it
  [4]
  $ covey fit - -k 1 --labels none/l.csv < x.csv
  covey: error: none/l.csv: cannot write here: No such file or directory
  [4]
  $ covey fit - -k 1 --labels l.csv --centers ./l.csv < x.csv
  covey: error: --labels and --centers cannot both go to ./l.csv
    'covey fit --help' shows the options
  [2]
  $ covey fit - -k 1 --labels l.csv.gz < x.csv
  covey: error: l.csv.gz: covey does not write .gz; write to standard output and pipe it through gzip
  [2]
  $ covey convert x.csv x.csv --force
  covey: error: x.csv: is the input; write to another file
  [2]
  $ covey make blobs -o old.csv
  covey: error: old.csv: exists; --force replaces it
  [4]
  $ cat old.csv x.csv; ls
  keep
  1,2
  3,4
  dangling
  folder
  hard.csv
  link.csv
  old.csv
  x.csv

Nothing was read: the input is not even opened.

  $ covey fit nowhere.csv -k 1 --labels old.csv
  covey: error: old.csv: exists; --force replaces it
  [4]

With --force the file is replaced.

  $ covey fit x.csv -k 1 -q --labels old.csv --force > /dev/null; cat old.csv
  0
  0
