Row 4: subnormals, zeros, a constant column.

  $ printf 'a,b,c\n1,5,1e-310\n2,5,2e-310\n10,5,3e-310\n11,5,4e-310\n' > x.csv
  $ for how in none standard minmax robust; do covey fit x.csv -k 2 --scale $how --labels - -q | tr '\n' ' '; done; echo
  1 1 0 0 1 1 0 0 1 1 0 0 1 1 0 0 
  $ covey info x.csv
  x.csv: 4 rows, 3 columns, float64, 96 bytes
    delimiter: ,
    header: yes (line 1 has text over columns of numbers)
    columns: 3 of 3
  
    column  name                             min          max         mean
         1  a                                  1           11            6
         2  b                                  5            5            5  constant
         3  c                             1e-310       4e-310     2.5e-310
  
    constant columns (they do not separate clusters): b
  $ printf '0,0\n0,0\n' | covey fit - -k 1 --scale standard
  covey: standard input: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  standard input: 2 rows, 2 features, 1 cluster
  
    cluster         rows    share
          0            2  100.0 %  ##############################
  
    inertia     0  (in scaled units)
    explained   nothing to explain: all rows are equal
    iterations  1; converged: the centers moved less than the tolerance
    start       k-means++
    seed        0
    scaling     standard
    time        .+ (re)
