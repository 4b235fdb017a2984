Row 52: columns named twice, not at all, or with names that mean something elsewhere.

  $ printf 'age,height,age\n1,2,3\n4,5,6\n' > twice.csv
  $ covey fit twice.csv -k 1 --columns age
  covey: error: twice.csv: the name 'age' stands twice in the header (columns 1 and 3); use its number
  [2]
  $ covey fit twice.csv -k 1 --columns hieght
  covey: error: twice.csv: column 'hieght' is not in the file; close names: 'height'
  [2]
  $ covey fit twice.csv -k 1 --columns 1,7
  covey: error: twice.csv: column 7 is outside 1..3 (columns count from 1)
  [2]
  $ covey fit twice.csv -k 1 --columns -2
  covey: error: twice.csv: '-2' would leave columns out; name the columns to use, as in 1-4
  [2]
  $ printf '<script>,=cmd()\n1,2\n4,5\n' > bad.csv
  $ covey fit bad.csv -k 1 -q --centers -
  <script>,"=cmd()"
  2.5,3.5
  $ covey fit bad.csv -k 1 -q --json | grep -A 3 names
    "names": [
      "\u003cscript>",
      "=cmd()"
    ],
  $ printf 'a\033[31mred,b\302\233c\n1,2\n4,5\n' > escape.csv
  $ covey info escape.csv
  escape.csv: 2 rows, 2 columns, float64, 32 bytes
    delimiter: ,
    header: yes (line 1 has text over columns of numbers)
    columns: 2 of 2
  
    column  name                             min          max         mean
         1  a\x1b[31mred                          1            4          2.5
         2  b\xc2\x9bc                               2            5          3.5
  $ covey fit escape.csv -k 1 --columns '3' 2>&1
  covey: error: escape.csv: column 3 is outside 1..2 (columns count from 1)
  [2]
  $ covey fit escape.csv -k 1 --columns "$(printf '\033[31m')" 2>&1
  covey: error: escape.csv: column '?[31m' is not in the file; the columns are 'a?[31mred', 'b\xc2\x9bc'
  [2]
